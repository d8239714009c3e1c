import { readdirSync, readFileSync, statSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { join, sep } from 'node:path';
import { promisify } from 'node:util';
import { brotliCompress, constants, gzip } from 'node:zlib';

type Encoding = 'br' | 'gzip';

interface CompressedFile {
  readonly body: Buffer;
  readonly etag: string;
}

export interface CompressedFilesOptions {
  /** The folder of the files. */
  readonly root: string;
  /** Sets the headers that the file has uncompressed too. */
  readonly setHeaders: (response: ServerResponse, path: string) => void;
}

/** Fonts and images are compressed already. */
const contentTypes: Readonly<Record<string, string>> = {
  css: 'text/css; charset=utf-8',
  html: 'text/html; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
  json: 'application/json',
  svg: 'image/svg+xml',
  txt: 'text/plain; charset=utf-8',
  webmanifest: 'application/manifest+json',
};
/** Smaller files gain nothing. */
const leastBytes = 1_024;
const compressors: Readonly<Record<Encoding, (bytes: Buffer) => Promise<Buffer>>> = {
  br: (bytes) => promisify(brotliCompress)(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: 9 } }),
  gzip: (bytes) => promisify(gzip)(bytes, { level: 9 }),
};

/**
 * Serves the text files of a folder compressed. Each is compressed once, when it is first asked for, and kept: the folder is a build, so its files are few
 * and do not change. Streams never pass through here.
 *
 * @returns whether the request was answered.
 */
export function createCompressedFiles({
  root,
  setHeaders,
}: CompressedFilesOptions): (request: IncomingMessage, response: ServerResponse, path: string) => Promise<boolean> {
  const paths = new Set(
    readdirSync(root, { recursive: true, encoding: 'utf8' })
      .map((path) => `/${path.split(sep).join('/')}`)
      .filter((path) => extensionOf(path) in contentTypes),
  );
  const kept = new Map<string, Promise<CompressedFile | undefined>>();

  const compressed = (path: string, encoding: Encoding): Promise<CompressedFile | undefined> => {
    const key = `${encoding} ${path}`;
    const known = kept.get(key);
    if (known !== undefined) return known;
    const made = compress(join(root, path), encoding);
    kept.set(key, made);
    // The next request may have more luck.
    made.catch(() => kept.delete(key));
    return made;
  };

  return async (request, response, path) => {
    const encoding = preferred(request.headers['accept-encoding']);
    if (encoding === undefined || request.headers.range !== undefined || !paths.has(path)) return false;
    const file = await compressed(path, encoding);
    if (file === undefined) return false;
    setHeaders(response, path);
    response.setHeader('Vary', 'Accept-Encoding');
    response.setHeader('ETag', file.etag);
    if (request.headers['if-none-match'] === file.etag) {
      response.writeHead(304).end();
      return true;
    }
    response.writeHead(200, {
      'Content-Encoding': encoding,
      'Content-Type': contentTypes[extensionOf(path)] ?? '',
      'Content-Length': file.body.byteLength,
    });
    response.end(request.method === 'HEAD' ? undefined : file.body);
    return true;
  };
}

async function compress(file: string, encoding: Encoding): Promise<CompressedFile | undefined> {
  const bytes = readFileSync(file);
  if (bytes.byteLength < leastBytes) return undefined;
  const { mtimeMs } = statSync(file);
  return {
    body: await compressors[encoding](bytes),
    etag: `W/"${bytes.byteLength}-${Math.trunc(mtimeMs)}-${encoding}"`,
  };
}

/** Brotli where the client takes it (RFC 9110, 12.5.3). An encoding with the weight zero is not taken. */
function preferred(header: string | string[] = ''): Encoding | undefined {
  const taken = String(header)
    .split(',')
    .map((part) => part.trim().toLowerCase())
    .filter((part) => !/;\s*q=0(\.0*)?$/.test(part))
    .map((part) => part.split(';', 1)[0]);
  return taken.includes('br') ? 'br' : taken.includes('gzip') ? 'gzip' : undefined;
}

function extensionOf(path: string): string {
  return path.slice(path.lastIndexOf('.') + 1);
}

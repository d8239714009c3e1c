import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { join } from 'node:path';
import sirv from 'sirv';
import { createCompressedFiles } from './compressed-files.ts';
import type { ServerConfig } from './config.ts';
import { localeOf, locales, preferredLocale, type Locale } from './locale.ts';
import { pageHeaders } from './page-headers.ts';
import { createWebConfigSource } from './web-config.ts';

export interface WebServerOptions {
  readonly config: ServerConfig;
  /** The folder of the built app, which holds a folder for each locale. */
  readonly root: string;
  /** Called with each answer. The path alone: a query may hold what a log must not. */
  readonly onAnswer: (answer: { method: string; path: string; status: number }) => void;
  readonly onError: (error: unknown) => void;
}

/** What the build named after its content. */
const hashed = /-[\w-]{8}\.(js|css)$/;

/**
 * Serves the built app in each of its locales, its run-time configuration, and the app's page for every address of the app. An address
 * without a locale leads to the same one with a locale, but for what must have one address alone: `config.json` and MSAL's bridge.
 *
 * @throws where there is no build.
 */
export function createWebServer({ config, root, onAnswer, onError }: WebServerOptions): Server {
  const pages = new Map(locales.map((locale) => [locale, readFileSync(join(root, locale, 'index.html'), 'utf8')]));
  const webConfig = createWebConfigSource(config);
  const setHeaders = (response: ServerResponse, path: string): void => {
    response.setHeader('Cache-Control', cacheControl(path));
  };
  const serveLocalized = sirv(root, { etag: true, setHeaders });
  const compressLocalized = createCompressedFiles({ root, setHeaders });
  // The same in every locale's folder: at the root, the default locale's serve.
  const shared = join(root, locales[0]);
  const serveShared = sirv(shared, { etag: true, setHeaders });
  const compressShared = createCompressedFiles({ root: shared, setHeaders });

  const sendPage = (response: ServerResponse, locale: Locale): void => {
    const nonce = randomBytes(16).toString('base64');
    response.writeHead(200, {
      ...pageHeaders(config, nonce),
      'Content-Type': 'text/html; charset=utf-8',
      'Cache-Control': 'no-cache',
    });
    response.end(pages.get(locale)?.replaceAll('CSP_NONCE', nonce));
  };

  const sendConfig = async (response: ServerResponse): Promise<void> => {
    try {
      sendJson(response, 200, await webConfig());
    } catch (error) {
      onError(error);
      const detail = `The emulator at ${config.emulatorOrigin?.origin ?? ''} cannot be reached, so nobody can sign in. Start it, then try again.`;
      sendJson(response, 503, {
        status: 503,
        title: 'No identity provider',
        code: 'identity-provider-unreachable',
        detail,
      });
    }
  };

  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const path = pathOf(request);
    for (const [name, value] of Object.entries(pageHeaders(config, null))) response.setHeader(name, value);
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      response.setHeader('Allow', 'GET, HEAD');
      sendText(response, 405, 'Only GET and HEAD are served here.');
    } else if (path === '/config.json') {
      await sendConfig(response);
    } else {
      const locale = localeOf(path);
      if (isPage(path)) {
        if (locale === null) sendToLocale(request, response);
        else sendPage(response, locale);
      } else if (!(await (locale === null ? compressShared : compressLocalized)(request, response, path))) {
        (locale === null ? serveShared : serveLocalized)(request, response, () =>
          sendText(response, 404, 'There is no such file.'),
        );
      }
    }
  };

  return createServer((request, response) => {
    response.on('finish', () =>
      onAnswer({ method: request.method ?? '', path: pathOf(request), status: response.statusCode }),
    );
    answer(request, response).catch((error: unknown) => {
      onError(error);
      if (response.headersSent) response.destroy();
      else sendText(response, 500, 'The web server failed.');
    });
  });
}

/** The app's own addresses have no extension; a file that is missing is missing. */
function isPage(path: string): boolean {
  return path.endsWith('/index.html') || !/\.\w+$/.test(path);
}

function sendToLocale(request: IncomingMessage, response: ServerResponse): void {
  const path = (request.url ?? '/').replace(/\/index\.html(?=$|\?)/, '/');
  response.writeHead(302, {
    // One slash alone: "//host" would lead away from here.
    Location: `/${preferredLocale(request.headers)}/${path.replace(/^[/\\]+/, '')}`,
    Vary: 'Accept-Language, Cookie',
    'Cache-Control': 'no-store',
  });
  response.end();
}

function cacheControl(path: string): string {
  if (hashed.test(path)) return 'public, max-age=31536000, immutable';
  // MSAL's bridge page carries an authorization code in its address.
  return path.endsWith('/redirect.html') ? 'no-store' : 'no-cache';
}

function pathOf({ url = '/' }: IncomingMessage): string {
  return url.split(/[?#]/, 1)[0] ?? '/';
}

function sendJson(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, {
    'Content-Type': status === 200 ? 'application/json' : 'application/problem+json',
    'Cache-Control': 'no-store',
  });
  response.end(JSON.stringify(body));
}

function sendText(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, { 'Content-Type': 'text/plain; charset=utf-8', 'Cache-Control': 'no-store' });
  response.end(`${text}\n`);
}

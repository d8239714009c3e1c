import { isUtf8 } from 'node:buffer';
import { CsvFailure } from './csv-failure.ts';

const lineFeed = 0x0a;

/**
 * Checks that the bytes of a file are UTF-8, and yields them cut between characters. They stay bytes, so that positions are those of the
 * file.
 *
 * @param linesBefore the number of lines before these bytes.
 * @throws CsvFailure with the line of the first byte that is NUL or not valid UTF-8.
 */
export async function* checkText(chunks: AsyncIterable<Uint8Array>, linesBefore: number): AsyncGenerator<Buffer, void> {
  let line = linesBefore + 1;
  let begun: Buffer = Buffer.alloc(0);
  for await (const chunk of chunks) {
    const bytes = begun.byteLength === 0 ? asBuffer(chunk) : Buffer.concat([begun, chunk]);
    const nulAt = bytes.indexOf(0);
    if (nulAt !== -1) throw new CsvFailure(line + countLineFeeds(bytes.subarray(0, nulAt)), { code: 'binary' });
    const end = endOfCharacters(bytes);
    const text = bytes.subarray(0, end);
    begun = bytes.subarray(end);
    if (!isUtf8(text)) throw new CsvFailure(line + findInvalidLine(text), { code: 'not-utf-8' });
    line += countLineFeeds(text);
    if (text.byteLength > 0) yield text;
  }
  if (begun.byteLength > 0) throw new CsvFailure(line, { code: 'not-utf-8' });
}

function asBuffer(chunk: Uint8Array): Buffer {
  return Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
}

/** The end of the last complete character. A character has four bytes at most. */
function endOfCharacters(bytes: Buffer): number {
  for (let back = 1; back <= Math.min(3, bytes.byteLength); back += 1) {
    const byte = bytes[bytes.byteLength - back] ?? 0;
    if ((byte & 0xc0) === 0x80) continue;
    const length = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : byte >= 0xc0 ? 2 : 1;
    return length > back ? bytes.byteLength - back : bytes.byteLength;
  }
  return bytes.byteLength;
}

/** How many lines into the text the first invalid byte is. */
function findInvalidLine(text: Buffer): number {
  let from = 0;
  for (let lines = 0; ; lines += 1) {
    const to = text.indexOf(lineFeed, from);
    if (to === -1 || !isUtf8(text.subarray(from, to))) return lines;
    from = to + 1;
  }
}

function countLineFeeds(bytes: Buffer): number {
  let count = 0;
  for (let at = bytes.indexOf(lineFeed); at !== -1; at = bytes.indexOf(lineFeed, at + 1)) count += 1;
  return count;
}

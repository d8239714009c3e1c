import { CsvFailure } from './csv-failure.ts';

const lineFeed = 0x0a;

/**
 * The text of a file, chunk by chunk, as long as it is text at all.
 *
 * @throws CsvFailure at the first byte that is no UTF-8, or NUL, with its line.
 */
export async function* readText(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<string, void> {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  let line = 1;
  for await (const chunk of chunks) {
    const nulAt = chunk.indexOf(0);
    if (nulAt !== -1) {
      throw new CsvFailure(
        line + countLineFeeds(chunk.subarray(0, nulAt)),
        'it holds binary data: this is no text file.',
      );
    }
    yield decode(
      () => decoder.decode(chunk, { stream: true }),
      () => line + findInvalidLine(chunk),
    );
    line += countLineFeeds(chunk);
  }
  yield decode(
    () => decoder.decode(),
    () => line,
  );
}

function decode(step: () => string, lineOfFailure: () => number): string {
  try {
    return step();
  } catch {
    // All that the decoder says is that there is something wrong.
    throw new CsvFailure(lineOfFailure(), 'it is not UTF-8: save the file in that encoding.');
  }
}

/** How many lines into the chunk the first invalid byte is. */
function findInvalidLine(chunk: Uint8Array): number {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  let from = 0;
  // The chunk may begin in the middle of a character that the last one began.
  while (from < 3 && ((chunk[from] ?? 0) & 0xc0) === 0x80) from += 1;
  for (let lines = 0; ; lines += 1) {
    const to = chunk.indexOf(lineFeed, from);
    if (to === -1) return lines;
    try {
      decoder.decode(chunk.subarray(from, to));
    } catch {
      // It is this one.
      return lines;
    }
    from = to + 1;
  }
}

function countLineFeeds(chunk: Uint8Array): number {
  let count = 0;
  for (let at = chunk.indexOf(lineFeed); at !== -1; at = chunk.indexOf(lineFeed, at + 1)) count += 1;
  return count;
}

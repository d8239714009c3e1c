import { createParser } from 'eventsource-parser';
import type { RawEvent } from '../options/index.ts';

/** What a chunk of bytes turned out to hold, in order. */
export type StreamItem =
  | { readonly kind: 'event'; readonly event: RawEvent }
  /** A block with an ID and no data: it moves the place to resume from and dispatches nothing (PROTOCOL 4.3). */
  | { readonly kind: 'position'; readonly id: string }
  | { readonly kind: 'retry'; readonly delayMs: number }
  /** An event or a line grew past the bound; nothing more will come. */
  | { readonly kind: 'overflow' };

/** Turns the bytes of one connection into items. */
export interface ByteReader {
  read(bytes: Uint8Array): StreamItem[];
}

/**
 * Creates the reader of one connection.
 *
 * Items come as an array and not through a `TransformStream`: a hop per event costs more than the parsing.
 *
 * @param lastEventId what the last connection ended with: an ID stays in force until another replaces it (WHATWG 9.2.6).
 * @param maxEventChars the bound on one event or unterminated line, in UTF-16 units.
 */
export function createByteReader(lastEventId: string, maxEventChars: number): ByteReader {
  // The decoder must leave the BOM to the parser: a streaming decoder takes two where the first is split over chunks.
  const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
  let items: StreamItem[] = [];
  let id = lastEventId;

  const parser = createParser({
    maxBufferSize: maxEventChars,
    onId: (next) => {
      id = next;
      items.push({ kind: 'position', id });
    },
    onEvent: ({ event, data, id: own }) => {
      // The parser tells the ID of a block before its event: the event then carries it, and moves the place itself.
      if (own !== undefined && items.at(-1)?.kind === 'position') items.pop();
      items.push({ kind: 'event', event: { id, type: event ?? 'message', data } });
    },
    onRetry: (delayMs) => items.push({ kind: 'retry', delayMs }),
    onError: (error) => {
      if (error.type === 'max-buffer-size-exceeded') items.push({ kind: 'overflow' });
    },
  });

  return {
    read(bytes) {
      parser.feed(decoder.decode(bytes, { stream: true }));
      const read = items;
      items = [];
      return read;
    },
  };
}

import { createParser } from 'eventsource-parser';

/** Receives what the bytes of a connection contain, in order. */
export interface ByteSink {
  /** `id` is the last event ID when the event was dispatched. */
  event(id: string, type: string, data: string): void;
  /** A block with an ID and without data: it moves the position and dispatches nothing (PROTOCOL 4.3). */
  position(id: string): void;
  retry(delayMs: number): void;
  /** An event or a line exceeds the limit. Nothing follows. */
  overflow(): void;
}

/** Parses the bytes of one connection. */
export interface ByteReader {
  feed(bytes: Uint8Array): void;
}

/**
 * Creates the parser of one connection. It calls the sink synchronously: a `TransformStream` or an array between parser and subscribers
 * costs more than the parsing.
 *
 * @param lastEventId the ID that the last connection ended with: it stays in force until another replaces it (WHATWG HTML, 9.2.6).
 * @param maxEventChars the maximum size of one event's data and of its type and ID, in UTF-16 units, however the bytes are cut into
 * chunks. At most twice as much is buffered.
 */
export function createByteReader(lastEventId: string, maxEventChars: number, sink: ByteSink): ByteReader {
  // The parser must see the BOM: a streaming decoder strips two if the first is split over chunks.
  const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
  let id = lastEventId;
  let positionMoved = false;
  let overflowed = false;

  /** A function, so that TypeScript does not assume that parsing changed nothing. */
  const isPending = (): boolean => positionMoved && !overflowed;
  const flushPosition = (): void => {
    positionMoved = false;
    sink.position(id);
  };
  const overflow = (): void => {
    if (overflowed) return;
    overflowed = true;
    sink.overflow();
  };

  const parser = createParser({
    // The parser limits what it buffers, so its verdict depends on the chunks. It is only the memory limit, with room for an event at the
    // exact limit and a line's prefix; the exact limit is checked below.
    maxBufferSize: 2 * maxEventChars + 16,
    onId: (next) => {
      // A block's ID is reported just before its event: two in a row mean that the first block had no data.
      if (positionMoved) flushPosition();
      id = next;
      positionMoved = true;
      if (id.length > maxEventChars) overflow();
    },
    onEvent: ({ event = 'message', data, id: own }) => {
      if (own !== undefined) positionMoved = false;
      else if (positionMoved) flushPosition();
      if (data.length > maxEventChars || (event.length > maxEventChars && event !== 'message')) overflow();
      if (!overflowed) sink.event(id, event, data);
    },
    onRetry: (delayMs) => sink.retry(delayMs),
    onError: (error) => {
      if (error.type === 'max-buffer-size-exceeded') overflow();
    },
  });

  return {
    feed(bytes) {
      if (overflowed) return;
      parser.feed(decoder.decode(bytes, { stream: true }));
      if (isPending()) flushPosition();
    },
  };
}

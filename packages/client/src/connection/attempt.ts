import { InvalidOptionError } from '../errors.ts';
import type { StreamSettings } from '../options/index.ts';
import type { Refusal, TokenSource } from '../policy/index.ts';
import { ended } from './attempt-end.ts';
import { cancelQuietly } from './cancel-quietly.ts';
import type { OpenConnection } from './check-response.ts';
import { openConnection } from './open-connection.ts';
import { readConnection, type ConnectionPort, type ConnectionReader } from './read-connection.ts';

/** Receives the progress of one attempt and of the connection that it opens. */
export interface AttemptPort<T> extends ConnectionPort<T> {
  /** The position to resume after. */
  readonly lastEventId: string;
  /** The URL of the request, without token and ticket. */
  prepared(url: URL): void;
  /** The request is sent. */
  sent(): void;
  /** The response headers have arrived. */
  answered(): void;
  /** The response is an event stream. */
  opened(connection: Pick<OpenConnection, 'sessionMs' | 'server'>): void;
}

/** One attempt to open a connection, and that connection. */
export interface Attempt {
  /** Whether bytes would be seen now: nothing is read while a subscriber works or an iterator is full. */
  readonly activity: 'reading' | 'paused';
  /** Calls back once, when the next bytes arrive. */
  onNextBytes(callback: () => void): void;
  /** Ends the attempt or the connection at once: nothing more is reported, and nothing of it is left. */
  cancel(): void;
}

/** Starts an attempt and reads the connection that it opens. */
export function startAttempt<T>(
  settings: StreamSettings<T>,
  tokens: TokenSource,
  refusal: Refusal | undefined,
  port: AttemptPort<T>,
): Attempt {
  // One controller for each connection: AbortSignal.any keeps every signal that it made alive (nodejs/node#54614).
  const controller = new AbortController();
  const { signal } = controller;
  let reader: ConnectionReader | undefined;
  /** Kept until there is a reader: the callback of the state `open` may ask for it. */
  let onNextBytes: (() => void) | undefined;

  const run = async (): Promise<void> => {
    const result = await openConnection(settings, tokens, {
      lastEventId: port.lastEventId,
      refusal,
      signal,
      onUrl: (url) => port.prepared(url),
      onSent: () => port.sent(),
      onAnswered: () => port.answered(),
    });
    if (result === undefined || signal.aborted) return;
    if ('end' in result) {
      port.ended(result.end);
      return;
    }
    const { body } = result.open;
    port.opened(result.open);
    // The callback of the state `open` may have closed the stream.
    if (isAborted(signal)) cancelQuietly(body);
    else {
      reader = readConnection(result.open, port.lastEventId, settings, port);
      if (onNextBytes !== undefined) reader.onNextBytes(onNextBytes);
    }
  };
  // Not before the handle is there: a function among the options may close the stream, and the attempt must then be cancelled.
  Promise.resolve()
    .then(() => (signal.aborted ? undefined : run()))
    .catch((cause: unknown) => {
      // What is not foreseen must not leave the stream without an end: such as a response whose body was read already.
      const error = new InvalidOptionError('fetch returned something that cannot be read: see the cause.', { cause });
      if (!signal.aborted) port.ended(ended({ kind: 'impossible' }, error));
    });

  return {
    get activity() {
      return reader?.activity ?? 'reading';
    },
    onNextBytes: (callback) => {
      onNextBytes = callback;
      reader?.onNextBytes(callback);
    },
    cancel: () => {
      controller.abort();
      reader?.stop();
    },
  };
}

/** A function, so that TypeScript does not assume that the signal has not changed since it was last checked. */
function isAborted(signal: AbortSignal): boolean {
  return signal.aborted;
}

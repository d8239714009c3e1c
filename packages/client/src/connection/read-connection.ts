import type { AttemptEnd, OpenConnection } from './open-connection.ts';
import { createByteReader, type StreamItem } from './byte-reader.ts';
import { ConnectionError, ProtocolError, StreamFailedError, isSseError, type SseError } from '../errors.ts';
import type { RawEvent } from '../options/index.ts';
import type { Gap, GapReason } from '../event.ts';
import type { StreamSettings } from '../options/index.ts';
import type { Outcome } from '../policy/index.ts';

/** What a connection does to its stream. */
export interface ConnectionPort {
  /** Where the stream is. Read when the connection begins. */
  readonly lastEventId: string;
  /** Gives an event to the consumers. May answer with a promise: nothing more is read until it resolves. */
  deliver(event: RawEvent): undefined | Promise<void>;
  /** Moves the place to resume from: after delivery, never before (PROTOCOL 5.2). */
  advance(id: string): void;
  tellGap(gap: Gap): void;
  setRetry(delayMs: number): void;
}

/**
 * Reads one connection to its end. Never throws: every way to end is an answer.
 *
 * @param cut aborts the connection's request.
 */
export async function readConnection<T>(
  connection: OpenConnection,
  settings: StreamSettings<T>,
  port: ConnectionPort,
  cut: AbortController,
): Promise<AttemptEnd> {
  const { runtime, heartbeatTimeoutMs, idleTimeoutMs, completeOn } = settings;
  const bytes = createByteReader(port.lastEventId, settings.maxEventChars);
  const reader = connection.body.getReader();
  const silenceMs = heartbeatTimeoutMs === undefined ? (connection.heartbeatMs ?? 0) * 2.5 : (heartbeatTimeoutMs ?? 0);
  let lastEventAt = runtime.now();

  /** Reads a chunk within the two bounds. They run only here: a consumer that takes its time is not a server that is silent. */
  const read = async (): Promise<Uint8Array | 'closed' | ConnectionError> => {
    const late: { error: ConnectionError | null } = { error: null };
    const cancels: (() => void)[] = [];
    const bound = (ms: number, code: 'heartbeat-timeout' | 'idle-timeout', message: string): void => {
      const onLate = (): void => {
        late.error = new ConnectionError(code, `connection closed: ${message}`);
        cut.abort();
      };
      cancels.push(runtime.setTimer(onLate, Math.min(ms, 2 ** 31 - 1)));
    };
    if (silenceMs > 0) bound(silenceMs, 'heartbeat-timeout', `nothing came for ${silenceMs} ms, not even a heartbeat.`);
    if (idleTimeoutMs !== null && idleTimeoutMs > 0) {
      const left = Math.max(0, lastEventAt + idleTimeoutMs - runtime.now());
      bound(left, 'idle-timeout', `no event came for ${idleTimeoutMs} ms.`);
    }
    try {
      const { done, value } = await reader.read();
      return done ? (late.error ?? 'closed') : value;
    } catch (cause) {
      return (
        late.error ?? new ConnectionError('connection-closed', 'connection closed: the network broke it.', { cause })
      );
    } finally {
      for (const cancel of cancels) cancel();
    }
  };

  /** Answers with the connection's end where the item is one. Synchronous where it can be: a promise per event is what slows a fast stream. */
  const take = (item: StreamItem): AttemptEnd | null | Promise<null> => {
    switch (item.kind) {
      case 'position':
        port.advance(item.id);
        return null;
      case 'retry':
        port.setRetry(item.delayMs);
        return null;
      case 'overflow':
        return ended(
          { kind: 'impossible' },
          new ProtocolError('event-too-large', `An event is longer than maxEventChars (${settings.maxEventChars}).`),
        );
      case 'event': {
        const { event } = item;
        lastEventAt = runtime.now();
        if (event.type === completeOn.type || event.data === completeOn.data) return completed;
        const failure = event.type === 'failure' ? readFailure(event.data) : null;
        if (failure !== null) return ended({ kind: 'impossible' }, failure);
        const gap = event.type === 'gap' ? readGap(event.data) : null;
        if (gap === null) {
          const delivered = port.deliver(event);
          if (delivered !== undefined) return delivered.then(() => advanceTo(event.id));
        } else {
          port.tellGap(gap);
        }
        return advanceTo(event.id);
      }
    }
  };

  const advanceTo = (id: string): null => {
    port.advance(id);
    return null;
  };

  try {
    for (;;) {
      const chunk = await read();
      if (chunk === 'closed') {
        return ended(
          { kind: 'interrupted' },
          new ConnectionError('connection-closed', 'connection closed by the server before the stream was complete.'),
        );
      }
      if (chunk instanceof ConnectionError) return ended({ kind: 'interrupted' }, chunk);
      for (const item of bytes.read(chunk)) {
        const taken = take(item);
        const end = taken instanceof Promise ? await taken : taken;
        if (cut.signal.aborted)
          return ended({ kind: 'interrupted' }, new ConnectionError('connection-closed', 'connection closed.'));
        if (end !== null) return end;
      }
    }
  } catch (error) {
    // Only decoding throws here: consumers' errors were taken by deliver.
    if (isSseError(error)) return ended({ kind: 'impossible' }, error);
    throw error;
  } finally {
    cut.abort();
  }
}

const completed: AttemptEnd = { outcome: { kind: 'completed' }, error: null, retryAfterMs: null, demand: null };

function ended(outcome: Outcome, error: SseError): AttemptEnd {
  return { outcome, error, retryAfterMs: null, demand: null };
}

const gapReasons: ReadonlySet<unknown> = new Set<GapReason>(['trimmed', 'epoch', 'unknown']);

/** A server that is not ours may have a type named `gap` of its own: only the shape of PROTOCOL 5.3 is a gap. */
function readGap(data: string): Gap | null {
  const { reason, after } = readObject(data);
  return gapReasons.has(reason) && typeof after === 'string' ? { reason: reason as GapReason, after } : null;
}

/** Likewise for PROTOCOL 6.3. */
function readFailure(data: string): StreamFailedError | null {
  const { code, message } = readObject(data);
  return typeof code === 'string' && typeof message === 'string' ? new StreamFailedError(code, message) : null;
}

function readObject(data: string): Partial<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(data);
    return typeof value === 'object' && value !== null ? value : {};
  } catch {
    // Not JSON, so none of the protocol's own.
    return {};
  }
}

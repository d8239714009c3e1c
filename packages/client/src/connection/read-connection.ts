import { ConnectionError, InvalidDataError, ProtocolError, type SseError } from '../errors.ts';
import type { Gap, SseEvent } from '../event.ts';
import { isThenable, type Decoder, type RawEvent, type SchemaResult, type StreamSettings } from '../options/index.ts';
import { ended, type AttemptEnd } from './attempt-end.ts';
import { cancelQuietly } from './cancel-quietly.ts';
import { createByteReader, type ByteReader, type ByteSink } from './byte-reader.ts';
import type { OpenConnection } from './check-response.ts';
import { meaningOf } from './reserved-events.ts';
import { watchSilence, type Silence } from './silence.ts';

/** Receives the events of a connection. Its callbacks may stop the reader, synchronously. */
interface EventConsumer<T> {
  /** The delivery that a subscriber still works on, from the last connection. */
  readonly busy: PromiseLike<unknown> | undefined;
  /** Resolves when more may be read; `undefined` if it may be now. */
  readonly ready: Promise<void> | undefined;
  /** Takes an event. Returns a promise, which never rejects, if a subscriber is not done: nothing more is delivered until then. */
  event(event: SseEvent<T>): PromiseLike<unknown> | undefined;
  /** The position moves without an event. */
  reached(id: string): void;
  gap(gap: Gap, id: string): void;
}

/** Receives what a connection brings. */
export interface ConnectionPort<T> {
  readonly consumer: EventConsumer<T>;
  retry(delayMs: number): void;
  /** The server asks for a rotation (PROTOCOL 9.3). */
  rotate(withinMs: number): void;
  /**
   * Called before the first event or position of a successor is delivered: its predecessor must then be stopped (PROTOCOL 9.4). `undefined` for a
   * connection that replaces none.
   */
  readonly live: (() => void) | undefined;
  /** The connection ended. Called at most once, and never after `stop()`. */
  ended(end: AttemptEnd): void;
}

/** The reader of one connection. */
export interface ConnectionReader {
  /** Whether bytes would be seen now: nothing is read while a subscriber works or an iterator is full. */
  readonly activity: 'reading' | 'paused';
  /** Calls back once, when the next bytes arrive. */
  onNextBytes(callback: () => void): void;
  /** Stops at once: nothing more is delivered, and the body is cancelled. */
  stop(): void;
}

/**
 * Reads one connection to its end and delivers its events synchronously, from the parser to the subscribers. Events are queued only while a
 * subscriber or an asynchronous schema is not done, and only those of one chunk: nothing is read meanwhile.
 */
export function readConnection<T>(
  connection: OpenConnection,
  lastEventId: string,
  settings: StreamSettings<T>,
  port: ConnectionPort<T>,
): ConnectionReader {
  return new Reader(connection, lastEventId, settings, port);
}

/** What waits until the subscribers are done with the event before it. */
type Queued =
  | { readonly kind: 'event'; readonly event: RawEvent }
  | { readonly kind: 'position'; readonly id: string }
  | { readonly kind: 'overflow' };

/** A class because events pass through it: see `Delivery`. */
class Reader<T> implements ConnectionReader, ByteSink {
  readonly #settings: StreamSettings<T>;
  readonly #port: ConnectionPort<T>;
  readonly #consumer: EventConsumer<T>;
  readonly #server: OpenConnection['server'];
  readonly #body: ReadableStreamDefaultReader<Uint8Array>;
  readonly #bytes: ByteReader;
  readonly #silence: Silence | undefined;
  readonly #parse: (text: string) => T;
  /** Whether an event of the default type is always an ordinary one: the most frequent case, told apart once. */
  readonly #messages: 'ordinary' | 'checked';
  #queue: Queued[] = [];
  #busy: PromiseLike<unknown> | undefined;
  /** `'waiting'`: for the first event or position of a successor. */
  #status: 'waiting' | 'reading' | 'done';
  #onBytes: (() => void) | undefined;
  activity: 'reading' | 'paused' = 'reading';

  constructor(
    { body, heartbeatMs, server }: OpenConnection,
    lastEventId: string,
    settings: StreamSettings<T>,
    port: ConnectionPort<T>,
  ) {
    const { decoder, completeOn, reservedEvents } = settings;
    this.#settings = settings;
    this.#port = port;
    this.#consumer = port.consumer;
    this.#status = port.live === undefined ? 'reading' : 'waiting';
    this.#server = server;
    this.#body = body.getReader();
    this.#busy = port.consumer.busy;
    this.#parse = decoder.parse;
    this.#messages =
      completeOn.length === 0 && !reservedEvents.has('message') && decoder.validate === undefined
        ? 'ordinary'
        : 'checked';
    this.#bytes = createByteReader(lastEventId, settings.maxEventChars, this);
    this.#silence = watchSilence(
      {
        heartbeatMs: settings.heartbeatTimeoutMs ?? (heartbeatMs === undefined ? Infinity : heartbeatMs * 2.5),
        idleMs: settings.idleTimeoutMs,
      },
      settings.runtime,
      (code, ms) => {
        const reason = `no ${code === 'idle-timeout' ? 'event' : 'bytes'} for ${ms} ms.`;
        this.#finish(ended({ kind: 'interrupted' }, new ConnectionError(code, `connection closed: ${reason}`)));
      },
    );
    // Nothing in it is expected to throw: if it does, the stream must not stay open without a reader.
    this.#read().catch((cause: unknown) => this.#finish(brokenOff(cause)));
  }

  onNextBytes(callback: () => void): void {
    this.#onBytes = callback;
  }

  stop(): void {
    this.#status = 'done';
    this.#queue = [];
    this.#silence?.stop();
    // Own flags decide, never the body: a custom fetch may ignore the abort, and its body would stay open.
    cancelQuietly(this.#body);
  }

  // What the bytes contain: see ByteSink.

  event(id: string, type: string, data: string): void {
    if (this.#status !== 'reading' && !this.#begins()) return;
    if (this.#busy !== undefined) this.#queue.push({ kind: 'event', event: { id, type, data } });
    else this.#takeEvent(id, type, data);
  }

  position(id: string): void {
    if (this.#status !== 'reading' && !this.#begins()) return;
    if (this.#busy === undefined) this.#consumer.reached(id);
    else this.#queue.push({ kind: 'position', id });
  }

  retry(delayMs: number): void {
    if (this.#status !== 'done') this.#port.retry(delayMs);
  }

  overflow(): void {
    if (this.#status !== 'reading' && !this.#begins()) return;
    if (this.#busy !== undefined) this.#queue.push({ kind: 'overflow' });
    else this.#failTooLarge();
  }

  /** The first event or position of a successor: the predecessor is stopped. Returns whether there is something to read. */
  #begins(): boolean {
    if (this.#status === 'done') return false;
    this.#status = 'reading';
    this.#port.live?.();
    // A subscriber may still work on the predecessor's last event.
    this.#busy = this.#consumer.busy;
    return !this.#isDone();
  }

  async #read(): Promise<void> {
    for (;;) {
      while (this.#consumer.ready !== undefined) await this.#paused(this.#consumer.ready);
      if (this.#isDone()) return;
      let chunk: ReadableStreamReadResult<Uint8Array>;
      try {
        chunk = await this.#body.read();
      } catch (cause) {
        this.#finish(brokenOff(cause));
        return;
      }
      if (this.#isDone()) return;
      if (chunk.done) {
        const message = 'connection closed by the server before the stream was complete.';
        const error = new ConnectionError('connection-closed', message);
        this.#finish(ended({ kind: 'ended', server: this.#server }, error));
        return;
      }
      this.#silence?.bytes();
      const onBytes = this.#onBytes;
      this.#onBytes = undefined;
      onBytes?.();
      this.#bytes.feed(chunk.value);
      if (this.#busy !== undefined) await this.#drain();
      if (this.#isDone()) return;
    }
  }

  async #paused(ready: Promise<void>): Promise<void> {
    this.#pause();
    await ready;
    this.#resume();
  }

  /** What the server sends is not seen from here on: that is not its silence. */
  #pause(): void {
    this.activity = 'paused';
    this.#silence?.pause();
  }

  #resume(): void {
    this.activity = 'reading';
    this.#silence?.resume();
  }

  /** Waits for the subscribers, and delivers what was queued meanwhile. */
  async #drain(): Promise<void> {
    this.#pause();
    for (let next = 0; this.#busy !== undefined;) {
      const waitedFor = this.#busy;
      await waitedFor;
      if (this.#isDone()) return;
      if (this.#busy === waitedFor) this.#busy = undefined;
      for (; !this.#isBusy() && next < this.#queue.length; next += 1) {
        const queued = this.#queue[next];
        if (queued !== undefined) this.#takeQueued(queued);
        if (this.#isDone()) return;
      }
    }
    this.#queue = [];
    this.#resume();
  }

  #takeQueued(queued: Queued): void {
    if (queued.kind === 'event') this.#takeEvent(queued.event.id, queued.event.type, queued.event.data);
    else if (queued.kind === 'position') this.#consumer.reached(queued.id);
    else this.#failTooLarge();
  }

  #takeEvent(id: string, type: string, data: string): void {
    if (type === 'message' && this.#messages === 'ordinary') this.#deliverText(id, type, data);
    else this.#take({ id, type, data });
  }

  #take(event: RawEvent): void {
    const meaning = meaningOf(event, this.#settings);
    // A completeOn function may have closed or reconnected the stream: the event is then not delivered, and is sent again.
    if (this.#isDone()) return;
    switch (meaning.kind) {
      case 'event':
        this.#deliverText(event.id, event.type, event.data);
        return;
      case 'gap':
        this.#silence?.event();
        this.#consumer.gap(meaning.gap, event.id);
        return;
      case 'failure':
        this.#finish(ended({ kind: 'impossible' }, meaning.error));
        return;
      case 'rotate':
        this.#port.rotate(meaning.withinMs);
        return;
      case 'complete':
        if (meaning.deliver === 'event') this.#deliverText(event.id, event.type, event.data);
        else this.#consumer.reached(event.id);
        if (this.#busy === undefined) this.#finish(completed);
        else this.#busy = this.#busy.then(() => this.#finish(completed));
    }
  }

  #deliverText(id: string, type: string, data: string): void {
    let value: T;
    try {
      value = this.#parse(data);
    } catch (cause) {
      const hint = 'is not JSON. If the server sends text, set decode to "text" or "auto".';
      this.#fail(new InvalidDataError({ id, type, data }, hint, { cause }));
      return;
    }
    const { validate } = this.#settings.decoder;
    if (validate === undefined) this.#deliver({ id, type, data: value });
    else this.#validate({ id, type, data }, value, validate);
  }

  #deliver(event: SseEvent<T>): void {
    if (this.#silence !== undefined) this.#silence.event();
    this.#busy = this.#consumer.event(event);
  }

  #validate(event: RawEvent, value: T, validate: NonNullable<Decoder<T>['validate']>): void {
    const settle = (result: SchemaResult<T>): void => {
      if (this.#isDone()) return;
      if (result.issues === undefined && !('value' in result)) {
        refuse(new TypeError('The schema returned neither a value nor issues.'));
        return;
      }
      if (result.issues === undefined) {
        this.#deliver({ ...event, data: result.value });
        return;
      }
      const { issues } = result;
      const reasons = issues.map(({ message }) => message).join('; ');
      this.#fail(new InvalidDataError(event, `does not fit the schema: ${reasons}`, { issues }));
    };
    const refuse = (cause: unknown): void =>
      this.#fail(new InvalidDataError(event, 'could not be validated: the schema threw, see the cause.', { cause }));
    try {
      const result = validate(value);
      if (!isThenable(result)) {
        settle(result);
        return;
      }
      this.#busy = Promise.resolve(result)
        .then((settled) => {
          this.#busy = undefined;
          settle(settled);
          return this.#busy;
        })
        .catch(refuse);
    } catch (cause) {
      refuse(cause);
    }
  }

  #failTooLarge(): void {
    const { maxEventChars } = this.#settings;
    this.#fail(new ProtocolError('event-too-large', `An event exceeds maxEventChars (${maxEventChars}).`));
  }

  #fail(error: SseError): void {
    this.#finish(ended({ kind: 'impossible' }, error));
  }

  #finish(end: AttemptEnd): void {
    if (this.#isDone()) return;
    this.stop();
    this.#port.ended(end);
  }

  // Functions, so that TypeScript does not assume that nothing has changed since it was last checked.
  #isDone(): boolean {
    return this.#status === 'done';
  }

  #isBusy(): boolean {
    return this.#busy !== undefined;
  }
}

const completed = ended({ kind: 'completed' });

function brokenOff(cause: unknown): AttemptEnd {
  const error = new ConnectionError('connection-closed', 'connection closed: the network broke it.', { cause });
  return ended({ kind: 'interrupted' }, error);
}

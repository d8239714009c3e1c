import { checkRetry, checkText, checkType } from './event-encoder.ts';
import { EventRefusedError } from '../core/index.ts';
import type { LogEntry } from './event-log.ts';

interface EventHead {
  /** @default 'message' */
  readonly type?: string;
  /** The minimum time before the client reconnects: a whole number of milliseconds from 0 to 2^31 - 1. */
  readonly retry?: number;
}

/** An event that an application publishes: `data` is sent as JSON (even a string), `text` unchanged. */
export type OutgoingEvent =
  | (EventHead & { readonly data: unknown; readonly text?: never })
  | (EventHead & { readonly text: string; readonly data?: never });

/** The types that have a meaning in the protocol (PROTOCOL 4.5). */
const reservedTypes: ReadonlySet<string> = new Set(['complete', 'gap', 'failure', 'rotate']);

const maxTypeLength = 256;
const topicPattern = /^[^\p{Cc}\p{Cs}\p{Zl}\p{Zp}]{1,256}$/u;
const encoder = new TextEncoder();
/** TypeScript's own type does not say that it may return `undefined`. */
const stringify: (data: unknown) => string | undefined = JSON.stringify;

/** Whether the text can name a topic: 1 to 256 characters, without control characters, line breaks and lone surrogates. */
export function isTopic(topic: unknown): topic is string {
  return typeof topic === 'string' && topicPattern.test(topic);
}

/** @throws EventRefusedError `invalid-topic` */
export function checkTopic(topic: string): string {
  if (isTopic(topic)) return topic;
  throw new EventRefusedError(
    'invalid-topic',
    'A topic must have 1 to 256 characters, without control characters and lone surrogates.',
  );
}

/**
 * Checks an application's event and encodes its data.
 *
 * @throws EventRefusedError with `reserved-type`, `invalid-type`, `invalid-retry`, `invalid-data`, `unserialisable-data` or
 *   `event-too-large`.
 */
export function draftEvent(event: OutgoingEvent, maxEventBytes: number): LogEntry {
  const { type = 'message', retry } = event;
  checkType(type);
  if (type === '' || type.length > maxTypeLength) {
    throw new EventRefusedError('invalid-type', `The type of an event must have 1 to ${maxTypeLength} characters.`);
  }
  if (reservedTypes.has(type)) {
    throw new EventRefusedError('reserved-type', `The type '${type}' is reserved by the protocol. Use another type.`);
  }
  const data = encodeData(event);
  checkSize(data, maxEventBytes);
  return retry === undefined ? { type, data } : { type, data, retry: checkRetry(retry) };
}

function encodeData(event: OutgoingEvent): string {
  const { text } = event;
  return text === undefined ? toJson(event.data) : checkText(text);
}

function toJson(data: unknown): string {
  let json: string | undefined;
  try {
    json = stringify(data);
  } catch (cause) {
    throw new EventRefusedError(
      'unserialisable-data',
      'data cannot be written as JSON. Convert a BigInt to a string, and remove cycles.',
      { cause },
    );
  }
  if (json !== undefined) return json;
  throw new EventRefusedError(
    'unserialisable-data',
    'data is undefined, a function or a symbol, which JSON cannot hold. Pass null for no value.',
  );
}

function checkSize(data: string, maxEventBytes: number): void {
  // UTF-8 needs at most three bytes per UTF-16 unit, so a short text needs no exact count.
  if (data.length * 3 <= maxEventBytes) return;
  const bytes = encoder.encode(data).byteLength;
  if (bytes <= maxEventBytes) return;
  throw new EventRefusedError(
    'event-too-large',
    `The data of this event has ${bytes} bytes; the limit is ${maxEventBytes}. Send a reference to it, or raise maxEventBytes.`,
  );
}

import { isErrorNamed } from '../core/index.ts';
import type { Refusal } from '../http/index.ts';
import type { TopicEvent } from '../hub/index.ts';

/** What a request wants to publish. */
export interface Publication {
  readonly events: readonly TopicEvent[];
  /** `undefined` only where there is one event. */
  readonly key: string | undefined;
}

export interface PublicationRequest {
  readonly contentType: string | undefined;
  /** The header `Idempotency-Key`. */
  readonly key: string | undefined;
  /** As `Exchange.readJson` returns it. */
  readonly body: unknown;
}

/** Reads a request, or says why it is refused. The types of what is read are checked; the hub checks the rest. */
export function readPublication(
  { contentType = '', key: header, body }: PublicationRequest,
  { maxEvents, maxBodyBytes }: { readonly maxEvents: number; readonly maxBodyBytes: number },
): Publication | Refusal {
  if (!/^application\/json *(?:;|$)/i.test(contentType)) return notJson;
  if (body === 'too-large') return tooLarge(`The body has more than ${maxBodyBytes} bytes. Send fewer events.`);
  const { events } = (body ?? {}) as { readonly events?: unknown };
  if (!Array.isArray(events) || events.length === 0) return malformed(shape);
  if (events.length > maxEvents) return tooLarge(`The request has more than ${maxEvents} events. Send fewer.`);
  const key = header === undefined ? undefined : readKey(header);
  if (key === 'invalid') return invalidKey;
  if (key === undefined && events.length > 1) return keyRequired;
  const read: TopicEvent[] = [];
  for (const [index, value] of events.entries()) {
    const event = readEvent(value);
    if (typeof event === 'string') return malformed(`events[${index}] ${event}`);
    read.push(event);
  }
  return { events: read, key: key?.text };
}

/** How an event that the hub refused is answered. `undefined` if that was not the reason. */
export function refuseEvent(error: unknown): Refusal | undefined {
  if (!isErrorNamed(error, 'EventRefusedError')) return undefined;
  const { code, message } = error;
  if (code === 'event-too-large') return { ...tooLarge(message), code };
  if (code === 'key-reused') return { status: 422, code, title: 'Key reused', detail: message };
  return { ...malformed(message), code };
}

/** A header value of one item (RFC 9651 3.3.3) has quotes; many clients send it without them. */
function readKey(header: string): { readonly text: string } | 'invalid' {
  const match = /^"((?:[^"\\]|\\["\\])*)"$/.exec(header);
  const text = match === null ? header : (match[1] ?? '').replace(/\\(["\\])/g, '$1');
  return /^[\x21-\x7e]{1,200}$/.test(text) ? { text } : 'invalid';
}

const members = new Set(['topic', 'type', 'data', 'text', 'retry']);

/** Returns the event, or what is wrong with it. Never anything from the request. */
function readEvent(value: unknown): TopicEvent | string {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return 'is not an object.';
  const { topic, type, data, text, retry } = value as Record<string, unknown>;
  if (Object.keys(value).some((name) => !members.has(name))) {
    return 'has an unknown member. Use topic, type, data, text and retry.';
  }
  if (typeof topic !== 'string') return 'has no topic, which must be a string.';
  if (type !== undefined && typeof type !== 'string') return 'has a type that is not a string.';
  if (retry !== undefined && typeof retry !== 'number') return 'has a retry that is not a number.';
  const head = { topic, ...(type === undefined ? {} : { type }), ...(retry === undefined ? {} : { retry }) };
  if (text === undefined) return data === undefined ? 'has neither data nor text.' : { ...head, data };
  if (typeof text !== 'string') return 'has a text that is not a string.';
  return data === undefined ? { ...head, text } : 'has both data and text. Send one of them.';
}

const shape = 'The body must be {"events": [{"topic": "…", "type": "…", "data": …}]} with at least one event.';

function malformed(detail: string): Refusal {
  return { status: 400, code: 'invalid-publication', title: 'Invalid request', detail };
}

function tooLarge(detail: string): Refusal {
  return { status: 413, code: 'publication-too-large', title: 'Content too large', detail };
}

const notJson: Refusal = {
  status: 415,
  code: 'not-json',
  title: 'Unsupported media type',
  detail: 'Send the events as application/json.',
};

const invalidKey: Refusal = {
  status: 400,
  code: 'invalid-key',
  title: 'Invalid request',
  detail: 'Idempotency-Key must have 1 to 200 printable ASCII characters without spaces.',
};

const keyRequired: Refusal = {
  status: 400,
  code: 'idempotency-key-required',
  title: 'Key required',
  detail: 'Several events are stored together only with an Idempotency-Key: a value that is new for each publication.',
};

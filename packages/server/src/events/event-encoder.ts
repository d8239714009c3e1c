import { EventRefusedError, maxTimerMs } from '../core/index.ts';
import type { EventRefusedCode } from '../core/index.ts';

/** What one block of an event stream may hold. Without `data`, a block dispatches nothing (WHATWG HTML 9.2.6). */
export interface EncodableEvent {
  readonly id?: string;
  /** Omitted from the block if it is `message`, the default. */
  readonly type?: string;
  readonly data?: string;
  /** Milliseconds: a whole number from 0 to 2^31 - 1. */
  readonly retry?: number;
}

const encoder = new TextEncoder();

/** A heartbeat is one comment line, without an empty line: some clients take that for an empty event (PROTOCOL 4.4). */
export const heartbeat: Uint8Array = encodeComment('');

/**
 * Writes one event as UTF-8 (PROTOCOL 4.1). Only this module writes the syntax of event streams.
 *
 * @throws EventRefusedError for an `id` or `type` with CR, LF or NUL, which would begin a line that an attacker chose; for a lone
 *   surrogate, which UTF-8 cannot hold; and for a `retry` that is not a whole number of milliseconds.
 *
 * @example encodeEvent({ id: 'e1-7', type: 'shipped', data: '{"order":42}' })
 */
export function encodeEvent(event: EncodableEvent): Uint8Array {
  const { id, type, data, retry } = event;
  let block = '';
  if (type !== undefined && type !== 'message') block += `event: ${singleLine(type, 'invalid-type', 'type')}\n`;
  if (id !== undefined) block += `id: ${singleLine(id, 'invalid-id', 'id')}\n`;
  if (retry !== undefined) block += `retry: ${checkRetry(retry)}\n`;
  if (data !== undefined) block += dataLines(data);
  return encoder.encode(`${block}\n`);
}

/**
 * Writes a comment line, which no client delivers.
 *
 * @throws EventRefusedError `invalid-comment`, as for the `id` of {@link encodeEvent}.
 *
 * @example encodeComment('still here')
 */
export function encodeComment(comment: string): Uint8Array {
  const line = singleLine(comment, 'invalid-comment', 'comment');
  return encoder.encode(line === '' ? ':\n' : `: ${line}\n`);
}

/** @throws EventRefusedError `invalid-type` for a type that does not fit on its line. */
export function checkType(type: string): string {
  return singleLine(type, 'invalid-type', 'type');
}

/** @throws EventRefusedError `invalid-retry` for anything but a whole number of milliseconds that `setTimeout` can wait. */
export function checkRetry(retry: number): number {
  if (!Number.isSafeInteger(retry) || retry < 0 || retry > maxTimerMs) {
    throw new EventRefusedError(
      'invalid-retry',
      `retry must be a whole number of milliseconds from 0 to ${maxTimerMs}: clients overflow past that and reconnect at once.`,
    );
  }
  return retry;
}

/** Joins encoded blocks into one buffer, so that many events cost one write. */
export function joinBlocks(blocks: readonly Uint8Array[]): Uint8Array {
  const [first] = blocks;
  if (first !== undefined && blocks.length === 1) return first;
  const joined = new Uint8Array(blocks.reduce((total, block) => total + block.byteLength, 0));
  let offset = 0;
  for (const block of blocks) {
    joined.set(block, offset);
    offset += block.byteLength;
  }
  return joined;
}

function singleLine(text: string, code: EventRefusedCode, field: string): string {
  // typeof as well: an array has `includes` too, and would be joined into the line unchecked.
  if (typeof text !== 'string' || text.includes('\n') || text.includes('\r') || text.includes('\0')) {
    throw new EventRefusedError(code, `The ${field} of an event must be a string without CR, LF and NUL.`);
  }
  return wellFormed(text, code, field);
}

/** UTF-8 has no lone surrogates: they would silently become U+FFFD, and the client would get another text than was given. */
function wellFormed(text: string, code: EventRefusedCode, field: string): string {
  if (text.isWellFormed()) return text;
  throw new EventRefusedError(
    code,
    `The ${field} of an event has a lone surrogate, which UTF-8 cannot hold. Call toWellFormed() on it, or send it as JSON.`,
  );
}

/** @throws EventRefusedError `invalid-data` for anything but text that UTF-8 can hold. */
export function checkText(data: string): string {
  if (typeof data !== 'string') {
    throw new EventRefusedError(
      'invalid-data',
      'The text of an event must be a string. Pass anything else as data, which is sent as JSON.',
    );
  }
  return wellFormed(data, 'invalid-data', 'text');
}

function dataLines(data: string): string {
  checkText(data);
  // JSON has no line breaks, so almost no event needs the split.
  const lines = data.includes('\n') || data.includes('\r') ? data.split(/\r\n|\r|\n/) : [data];
  // The space is part of the syntax: without it, a line that begins with a space would lose it.
  return lines.map((line) => (line === '' ? 'data:\n' : `data: ${line}\n`)).join('');
}

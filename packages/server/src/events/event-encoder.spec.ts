import { describe, expect, it } from 'vitest';
import { encodeComment, encodeEvent, heartbeat, joinBlocks } from './event-encoder.ts';
import type { EncodableEvent } from './event-encoder.ts';
import { EventRefusedError } from '../core/errors.ts';
import { parseEventStream } from './event-stream.fixture.ts';

const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);
const roundTrip = (event: EncodableEvent) => parseEventStream(text(encodeEvent(event)));

describe('the encoder of events', () => {
  it('writes the fields one a line, ended by LF and a blank line (PROTOCOL 4.1)', () => {
    expect(text(encodeEvent({ id: 'e-1', type: 'tick', retry: 500, data: '{"a":1}' }))).toBe(
      'event: tick\nid: e-1\nretry: 500\ndata: {"a":1}\n\n',
    );
  });

  it('leaves the default type out', () => {
    expect(text(encodeEvent({ type: 'message', data: 'x' }))).toBe('data: x\n\n');
  });

  it('writes a block with an ID and no data, which dispatches nothing (PROTOCOL 4.3)', () => {
    expect(text(encodeEvent({ id: 'e-0' }))).toBe('id: e-0\n\n');
  });

  it('writes an empty data line for empty data, so that the event is dispatched', () => {
    expect(text(encodeEvent({ type: 'complete', data: '' }))).toBe('event: complete\ndata:\n\n');
  });

  it('begins a new data line at CR LF, CR and LF (PROTOCOL 4.1)', () => {
    expect(text(encodeEvent({ data: 'a\r\nb\rc\nd' }))).toBe('data: a\ndata: b\ndata: c\ndata: d\n\n');
  });

  it('keeps a leading space, a colon, and what is not ASCII', () => {
    expect(roundTrip({ data: ' :é🎈' })).toEqual([{ data: ' :é🎈' }]);
  });

  it('writes a heartbeat as one comment line, without an empty line that a client may take for an event (PROTOCOL 4.4)', () => {
    expect(text(heartbeat)).toBe(':\n');
    expect(text(encodeComment('hello'))).toBe(': hello\n');
  });

  it('joins blocks in order', () => {
    expect(text(joinBlocks([encodeEvent({ data: '1' }), encodeEvent({ data: '2' })]))).toBe('data: 1\n\ndata: 2\n\n');
  });
});

describe('line injection', () => {
  const breaks = ['\n', '\r', '\r\n', '\0'];

  it.each(breaks)('is refused in an id (CVE-2026-44217, CVE-2026-35515): %j', (lineBreak) => {
    expect(() => encodeEvent({ id: `1${lineBreak}data: forged`, data: 'x' })).toThrow(EventRefusedError);
  });

  it.each(breaks)('is refused in a type (CVE-2026-29085, CVE-2026-44214): %j', (lineBreak) => {
    expect(() => encodeEvent({ type: `t${lineBreak}data: forged`, data: 'x' })).toThrow(EventRefusedError);
  });

  it.each(breaks)('is refused in a comment (CVE-2026-22735): %j', (lineBreak) => {
    expect(() => encodeComment(`c${lineBreak}data: forged`)).toThrow(EventRefusedError);
  });

  it.each(['\n', '\r', '\r\n', '\n\n', '\r\r'])(
    'stays data where data has it (CVE-2026-33128, GHSA-4hxc-9384-m385): %j',
    (lineBreak) => {
      const events = roundTrip({ data: `x${lineBreak}id: forged${lineBreak}event: forged` });
      expect(events).toHaveLength(1);
      expect(events[0]).not.toHaveProperty('id');
      expect(events[0]).not.toHaveProperty('type');
    },
  );

  it('is refused in a retry that is not a number', () => {
    const retry = '1\ndata: forged' as unknown as number;
    expect(() => encodeEvent({ retry, data: 'x' })).toThrow(EventRefusedError);
  });

  it.each([Number.NaN, -1, 1.5, Infinity, 2 ** 31, 4_294_967_296])(
    'refuses a retry that a client would overflow on or ignore: %j',
    (retry) => {
      expect(() => encodeEvent({ retry, data: 'x' })).toThrow(/2147483647/);
    },
  );

  it('is refused where an array or an object poses as a string', () => {
    const sneaky = ['a\ndata: forged'] as unknown as string;
    expect(() => encodeEvent({ type: sneaky })).toThrow(EventRefusedError);
    expect(() => encodeEvent({ id: { toString: () => 'a\nb', includes: () => false } as unknown as string })).toThrow(
      EventRefusedError,
    );
    expect(() => encodeEvent({ data: sneaky })).toThrow(EventRefusedError);
  });
});

describe('a lone surrogate, which UTF-8 cannot hold', () => {
  const lone = ['\ud800', 'a\udfffb', '\udc00\ud800'];

  it.each(lone)('is refused in an id: %j', (text) => {
    expect(() => encodeEvent({ id: text })).toThrow(expect.objectContaining({ code: 'invalid-id' }) as Error);
  });
  it.each(lone)('is refused in a type: %j', (text) => {
    expect(() => encodeEvent({ type: text })).toThrow(expect.objectContaining({ code: 'invalid-type' }) as Error);
  });
  it.each(lone)('is refused in data: %j', (data) => {
    expect(() => encodeEvent({ data })).toThrow(expect.objectContaining({ code: 'invalid-data' }) as Error);
  });
  it.each(lone)('is refused in a comment: %j', (text) => {
    expect(() => encodeComment(text)).toThrow(expect.objectContaining({ code: 'invalid-comment' }) as Error);
  });

  it('is not seen where there is a pair', () => {
    expect(roundTrip({ id: '🎈', type: '🎈', data: '🎈' })).toEqual([{ id: '🎈', type: '🎈', data: '🎈' }]);
  });
});

import { describe, expect, it } from 'vitest';
import { createByteReader, type StreamItem } from './byte-reader.ts';

const encode = (text: string): Uint8Array => new TextEncoder().encode(text);

function readAll(text: string | Uint8Array, chunkBytes = Infinity, lastEventId = ''): StreamItem[] {
  const bytes = typeof text === 'string' ? encode(text) : text;
  const reader = createByteReader(lastEventId, 1_000);
  const items: StreamItem[] = [];
  for (let at = 0; at < bytes.length; at += chunkBytes)
    items.push(...reader.read(bytes.subarray(at, Math.min(bytes.length, at + chunkBytes))));
  return items;
}

const event = (data: string, id = '', type = 'message'): StreamItem => ({ kind: 'event', event: { id, type, data } });

/** What FIELD's peers got wrong, and WHATWG 9.2.6. */
const cases: { name: string; text: string; items: StreamItem[] }[] = [
  { name: 'two data lines are one event', text: 'data: a\ndata: b\n\n', items: [event('a\nb')] },
  { name: 'a comment alone is nothing', text: ': ping\n\n', items: [] },
  { name: 'an empty data line is an empty event', text: 'data:\n\n', items: [event('')] },
  { name: 'a first data line that is empty keeps its newline', text: 'data:\ndata: x\n\n', items: [event('\nx')] },
  { name: 'an ID with NUL is ignored', text: 'id: a\0b\ndata: x\n\n', items: [event('x')] },
  { name: 'retry that is no number is ignored', text: 'retry: 10abc\nretry:\ndata: x\n\n', items: [event('x')] },
  { name: 'retry is told', text: 'retry: 2500\n\n', items: [{ kind: 'retry', delayMs: 2_500 }] },
  { name: 'only one space after the colon goes', text: 'data:  x\n\n', items: [event(' x')] },
  { name: 'an unfinished event is not dispatched', text: 'data: a\n\ndata: b\n', items: [event('a')] },
  { name: 'CR and CRLF end lines too', text: 'data: a\r\rdata: b\r\n\r\n', items: [event('a'), event('b')] },
  {
    name: 'an ID stays in force until the next',
    text: 'id: 1\ndata: a\n\ndata: b\n\n',
    items: [event('a', '1'), event('b', '1')],
  },
  { name: 'an ID without data moves the place', text: 'id: 7\n\n', items: [{ kind: 'position', id: '7' }] },
  {
    name: 'an event type lasts for one event',
    text: 'event: x\ndata: a\n\ndata: b\n\n',
    items: [event('a', '', 'x'), event('b')],
  },
  { name: 'text beyond ASCII survives', text: 'data: déjà 👋\n\n', items: [event('déjà 👋')] },
];

describe('reading bytes', () => {
  it.each(cases)('$name', ({ text, items }) => {
    expect(readAll(text)).toEqual(items);
  });

  it.each(cases)('$name, a byte at a time', ({ text, items }) => {
    expect(readAll(text, 1)).toEqual(items);
  });

  it('ends an event at a final CR, without waiting for another byte', () => {
    expect(readAll('data: a\r\r')).toEqual([event('a')]);
  });

  it('strips one byte order mark and not two, wherever the chunks fall', () => {
    for (const chunkBytes of [1, 2, 3, 4, Infinity]) {
      expect(readAll('\uFEFFdata: a\n\n', chunkBytes)).toEqual([event('a')]);
      expect(readAll('\uFEFF\uFEFFdata: a\n\n', chunkBytes)).toEqual([]);
    }
  });

  it('goes on with the ID of the last connection', () => {
    expect(readAll('data: a\n\n', Infinity, 'e-5')).toEqual([event('a', 'e-5')]);
  });

  it('says when an event grows past the bound, with what came before it', () => {
    const reader = createByteReader('', 100);
    expect(reader.read(encode('data: a\n\ndata: '))).toEqual([event('a')]);
    expect(reader.read(encode('x'.repeat(200)))).toEqual([{ kind: 'overflow' }]);
  });
});

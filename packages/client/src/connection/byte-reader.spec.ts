import { describe, expect, it } from 'vitest';
import { createByteReader } from './byte-reader.ts';

/** What a chunk of bytes holds, in order. */
type Item =
  | { readonly kind: 'event'; readonly id: string; readonly type: string; readonly data: string }
  | { readonly kind: 'position'; readonly id: string }
  | { readonly kind: 'retry'; readonly delayMs: number }
  | { readonly kind: 'overflow' };

const encode = (text: string): Uint8Array => new TextEncoder().encode(text);

function readAll(text: string, chunkBytes = Infinity, lastEventId = '', maxEventChars = 1_000): Item[] {
  const bytes = encode(text);
  const items: Item[] = [];
  const reader = createByteReader(lastEventId, maxEventChars, {
    event: (id, type, data) => items.push({ kind: 'event', id, type, data }),
    position: (id) => items.push({ kind: 'position', id }),
    retry: (delayMs) => items.push({ kind: 'retry', delayMs }),
    overflow: () => items.push({ kind: 'overflow' }),
  });
  for (let at = 0; at < bytes.length; at += chunkBytes)
    reader.feed(bytes.subarray(at, Math.min(bytes.length, at + chunkBytes)));
  return items;
}

const event = (data: string, id = '', type = 'message'): Item => ({ kind: 'event', id, type, data });

/** Cases that other clients fail, and those of WHATWG HTML 9.2.6. */
const cases: { name: string; text: string; items: Item[] }[] = [
  { name: 'two data lines are one event', text: 'data: a\ndata: b\n\n', items: [event('a\nb')] },
  { name: 'a comment alone dispatches nothing', text: ': ping\n\n', items: [] },
  { name: 'an empty data line is an empty event', text: 'data:\n\n', items: [event('')] },
  { name: 'a first data line that is empty keeps its newline', text: 'data:\ndata: x\n\n', items: [event('\nx')] },
  { name: 'an ID with NUL is ignored', text: 'id: a\0b\ndata: x\n\n', items: [event('x')] },
  { name: 'a retry that is not a number is ignored', text: 'retry: 10abc\nretry:\ndata: x\n\n', items: [event('x')] },
  { name: 'a retry is reported', text: 'retry: 2500\n\n', items: [{ kind: 'retry', delayMs: 2_500 }] },
  { name: 'only one space after the colon is removed', text: 'data:  x\n\n', items: [event(' x')] },
  { name: 'an unfinished event is not dispatched', text: 'data: a\n\ndata: b\n', items: [event('a')] },
  { name: 'CR and CRLF end lines too', text: 'data: a\r\rdata: b\r\n\r\n', items: [event('a'), event('b')] },
  {
    name: 'an ID stays in force until the next',
    text: 'id: 1\ndata: a\n\ndata: b\n\n',
    items: [event('a', '1'), event('b', '1')],
  },
  { name: 'an ID without data moves the position', text: 'id: 7\n\n', items: [{ kind: 'position', id: '7' }] },
  {
    name: 'an event type lasts for one event',
    text: 'event: x\ndata: a\n\ndata: b\n\n',
    items: [event('a', '', 'x'), event('b')],
  },
  { name: 'text beyond ASCII is unchanged', text: 'data: déjà 👋\n\n', items: [event('déjà 👋')] },
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

  it('continues with the ID of the last connection', () => {
    expect(readAll('data: a\n\n', Infinity, 'e-5')).toEqual([event('a', 'e-5')]);
  });

  it('reports the positions of blocks without data in their order, before an event without an ID too', () => {
    const items: Item[] = [
      { kind: 'position', id: '1' },
      { kind: 'position', id: '2' },
      event('a', '2'),
      event('b', '3'),
    ];
    expect(readAll('id: 1\n\nid: 2\n\ndata: a\n\nid: 3\ndata: b\n\n')).toEqual(items);
    expect(readAll('id: 1\n\nid: 2\n\ndata: a\n\nid: 3\ndata: b\n\n', 1)).toEqual(items);
  });
});

describe('the limit of an event', () => {
  const chars = (count: number): string => 'x'.repeat(count);

  it.each([
    ['data at the limit', `data: ${chars(100)}\n\n`, 'fits'],
    ['data past the limit', `data: ${chars(101)}\n\n`, 'overflows'],
    ['data of twice the limit', `data: ${chars(200)}\n\n`, 'overflows'],
    ['several lines at the limit', `data: ${chars(50)}\ndata: ${chars(49)}\n\n`, 'fits'],
    ['several lines past the limit', `data: ${chars(50)}\ndata: ${chars(50)}\n\n`, 'overflows'],
    ['a type and data, each at the limit', `event: ${chars(100)}\ndata: ${chars(100)}\n\n`, 'fits'],
    ['a type past the limit', `event: ${chars(101)}\ndata: x\n\n`, 'overflows'],
    ['an ID at the limit', `id: ${chars(100)}\ndata: x\n\n`, 'fits'],
    ['an ID past the limit', `id: ${chars(101)}\ndata: x\n\n`, 'overflows'],
    ['a long comment', `: ${chars(1_000)}\ndata: x\n\n`, 'fits'],
    ['a line that never ends', `data: ${chars(1_000)}`, 'overflows'],
  ])('%s: the same answer however the bytes are cut', (_, text, answer) => {
    for (const chunkBytes of [1, 2, 3, 7, 16, 64, 100, 128, Infinity]) {
      const items = readAll(`data: first\n\n${text}`, chunkBytes, '', 100);
      expect(items[0]).toEqual(event('first'));
      expect(items.filter(({ kind }) => kind === 'overflow')).toHaveLength(answer === 'overflows' ? 1 : 0);
      expect(items.filter(({ kind }) => kind === 'event')).toHaveLength(answer === 'overflows' ? 1 : 2);
    }
  });

  it('does not count the field name of the data, also if the limit is small', () => {
    for (const chunkBytes of [1, 3, Infinity]) {
      expect(readAll(`data: ${chars(10)}\n\n`, chunkBytes, '', 10)).toEqual([event(chars(10))]);
    }
  });
});

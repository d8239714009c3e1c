import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createStateStore } from './state-store.ts';

describe('the state store', () => {
  it('keeps what it was given over a restart, each kind for itself', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'state-'));
    const first = createStateStore(join(folder, 'state.sqlite'));
    first.table<{ n: number }>('a').set('k', { n: 1 });
    first.table<string>('b').set('k', 'b’s');
    first.close();
    const second = createStateStore(join(folder, 'state.sqlite'));
    const table = second.table<{ n: number }>('a');
    expect([table.get('k'), table.get('other'), table.values()]).toEqual([{ n: 1 }, undefined, [{ n: 1 }]]);
    table.delete('k');
    expect(table.get('k')).toBeUndefined();
    expect(second.table('b').get('k')).toBe('b’s');
    second.close();
    await rm(folder, { recursive: true });
  });

  it('lets the value go that was set longest ago, past its bound', () => {
    const store = createStateStore(':memory:');
    const table = store.table<number>('a', 2);
    store.table<number>('other', 2).set('x', 0);
    for (const [key, value] of [['one', 1], ['two', 2], ['one', 11], ['three', 3]] as const) table.set(key, value); // prettier-ignore
    expect(table.values()).toEqual([11, 3]);
    expect(store.table('other').values()).toEqual([0]);
    store.close();
  });
});

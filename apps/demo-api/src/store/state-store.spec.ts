import { mkdtemp, rm } from 'node:fs/promises';
import { DatabaseSync } from 'node:sqlite';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createStateStore, isLimitReached, type StateTable } from './state-store.ts';

const many = { perOwner: 100, past: 'refuse' } as const;

function codeOf(act: () => void): unknown {
  try {
    act();
    return undefined;
  } catch (error) {
    if (!isLimitReached(error)) throw error;
    return error.code;
  }
}

describe('the state store', () => {
  it('keeps values over a restart, each kind on its own', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'state-'));
    const first = createStateStore(join(folder, 'state.sqlite'));
    first.table<{ n: number }>('a', many).set('k', { n: 1 }, 'ada');
    first.table<string>('b', many).set('k', 'b’s', 'ada');
    first.close();
    const second = createStateStore(join(folder, 'state.sqlite'));
    const table = second.table<{ n: number }>('a', many);
    expect([table.get('k'), table.get('other'), table.values()]).toEqual([{ n: 1 }, undefined, [{ n: 1 }]]);
    table.delete('k');
    expect(table.get('k')).toBeUndefined();
    expect(second.table('b', many).get('k')).toBe('b’s');
    second.close();
    await rm(folder, { recursive: true });
  });

  const fill = (table: StateTable<number>, owner: string, ...keys: string[]): void => {
    for (const [index, key] of keys.entries()) table.set(key, index, owner);
  };

  it('forgets the oldest value of the same owner past the limit, and never another owner’s', () => {
    const store = createStateStore(':memory:');
    const table = store.table<number>('a', { perOwner: 2, past: 'forget-own' });
    fill(table, 'bob', 'b1', 'b2');
    fill(table, 'ada', 'a1', 'a2');
    table.set('a1', 10, 'ada');
    table.set('a3', 11, 'ada');
    expect([table.valuesOf('ada'), table.valuesOf('bob')]).toEqual([
      [10, 11],
      [0, 1],
    ]);
    store.close();
  });

  it('refuses a new value past the limit of the owner or of the table, and still changes the existing ones', () => {
    const store = createStateStore(':memory:');
    const table = store.table<number>('a', { perOwner: 2, past: 'refuse', total: 3 });
    fill(table, 'ada', 'a1', 'a2');
    expect(codeOf(() => table.set('a3', 0, 'ada'))).toBe('too-many');
    fill(table, 'bob', 'b1');
    expect(codeOf(() => table.set('b2', 0, 'bob'))).toBe('store-full');
    table.set('a1', 5, 'bob');
    expect(table.valuesOf('ada')).toEqual([1, 5]);
    table.delete('a2');
    table.set('b2', 6, 'bob');
    expect(table.values()).toEqual([0, 5, 6]);
    store.close();
  });

  it('counts the values of an earlier run', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'state-'));
    const path = join(folder, 'state.sqlite');
    const limits = { perOwner: 5, past: 'refuse', total: 1 } as const;
    const first = createStateStore(path);
    first.table<number>('a', limits).set('k', 1, 'ada');
    first.close();
    const second = createStateStore(path);
    expect(codeOf(() => second.table<number>('a', limits).set('l', 1, 'bob'))).toBe('store-full');
    second.close();
    await rm(folder, { recursive: true });
  });

  it('opens a database of a version that had no owners', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'state-'));
    const path = join(folder, 'state.sqlite');
    const old = new DatabaseSync(path);
    old.exec(`CREATE TABLE state (turn INTEGER PRIMARY KEY AUTOINCREMENT, kind TEXT NOT NULL, key TEXT NOT NULL,
      value TEXT NOT NULL, UNIQUE (kind, key)) STRICT; INSERT INTO state (kind, key, value) VALUES ('a', 'k', '1')`);
    old.close();
    const store = createStateStore(path);
    const table = store.table<number>('a', many);
    table.set('l', 2, 'ada');
    expect([table.values(), table.valuesOf('ada')]).toEqual([[1, 2], [2]]);
    store.close();
    await rm(folder, { recursive: true });
  });
});

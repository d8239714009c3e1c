import type { DatabaseSync } from 'node:sqlite';
import type { Clock } from '../core/index.ts';
import type { StoredBatch } from '../events/index.ts';
import { rememberMs, repeatOf } from './publications.ts';
import type { Publication } from './publications.ts';

/** What the file remembers of batches. */
export interface SqlitePublications {
  /** @throws EventRefusedError `key-reused` */
  find(key: string, fingerprint: string): StoredBatch | undefined;
  /** To be called in the transaction that stores the events. */
  remember(key: string, publication: Publication): void;
}

/** How many old keys each batch removes: more than it adds, and never so many that it takes long. */
const maxForgotten = 100;

/** By the time of day, since a file outlives the process. */
export function preparePublications(database: DatabaseSync, clock: Pick<Clock, 'now'>): SqlitePublications {
  const select = database.prepare('SELECT fingerprint, ids FROM publications WHERE key = ? AND stored_at > ?');
  const insert = database.prepare('INSERT OR REPLACE INTO publications VALUES (?, ?, ?, ?)');
  const forget = database.prepare(`
    DELETE FROM publications WHERE key IN (
      SELECT key FROM publications WHERE stored_at <= ? ORDER BY stored_at LIMIT ${maxForgotten}
    )`);

  return {
    find(key, fingerprint) {
      const row = select.get(key, clock.now() - rememberMs) as { fingerprint: string; ids: string } | undefined;
      if (row === undefined) return undefined;
      return repeatOf({ fingerprint: row.fingerprint, ids: JSON.parse(row.ids) as string[] }, fingerprint);
    },
    remember(key, { fingerprint, ids }) {
      forget.run(clock.now() - rememberMs);
      insert.run(key, fingerprint, JSON.stringify(ids), clock.now());
    },
  };
}

import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { createMemoryEventLog, type EventLog } from '@sillage/server';
import { createPostgresEventLog } from '@sillage/server/postgres';
import { createRedisEventLog } from '@sillage/server/redis';
import { createSqliteEventLog } from '@sillage/server/sqlite';
import { Pool } from 'pg';
import type { Config } from '../config.ts';
import { freeBytesOf, isFullError } from './disk-space.ts';
import { createStateStore, type StateStore } from './state-store.ts';

/** Where the demo stores its data. */
export interface Stores {
  /** Events that must not be lost. */
  readonly log: EventLog;
  /** Samples of the last minutes. */
  readonly liveLog: EventLog;
  /** Log lines, for the pages that show them. */
  readonly logLinesLog: EventLog;
  readonly state: StateStore;
  /** The folder of everything below. */
  readonly folder: string;
  /** The folder of the imported files' databases. */
  readonly importsFolder: string;
  /** The folder of the files that are still to be imported. */
  readonly uploadsFolder: string;
  /** How long the last append to the event log took. */
  readonly appendDelayMs: number;
  close(): Promise<void>;
}

type StoreConfig = Pick<Config, 'STORE' | 'DATA_DIR' | 'DATABASE_URL' | 'REDIS_URL' | 'NODE_NAME'>;

/** What SQLite needs to open the databases of the demo: their write-ahead logs, and some to spare. */
const minimumFreeBytes = 4 * 2 ** 20;

/**
 * Opens the stores that `STORE` names.
 *
 * @param onAppended called for each event that the log has stored.
 * @throws Error if the disk is so full that not even the stored data can be opened.
 */
export async function openStores(config: StoreConfig, onAppended: () => void): Promise<Stores> {
  const { STORE, DATA_DIR } = config;
  const isKept = STORE !== 'memory';
  const folder = isKept ? DATA_DIR : await mkdtemp(join(tmpdir(), 'sillage-demo-'));
  try {
    return openIn(folder, config, onAppended);
  } catch (error) {
    if (!isFullError(error)) throw error;
    throw new Error(`The disk of DATA_DIR (${folder}) is full. Free some space and start the API again.`, {
      cause: error,
    });
  }
}

function openIn(folder: string, config: StoreConfig, onAppended: () => void): Stores {
  const isKept = config.STORE !== 'memory';
  const importsFolder = join(folder, config.NODE_NAME, 'imports');
  const uploadsFolder = join(folder, config.NODE_NAME, 'uploads');
  for (const path of [importsFolder, uploadsFolder]) mkdirSync(path, { recursive: true });
  // SQLite needs some room to open a database. Files on their way can be sent again; stored data cannot.
  if (freeBytesOf(folder) < minimumFreeBytes) freeSpool(uploadsFolder);
  // Samples are of this process: each node has separate ones.
  const openLog = (name: string, maxEvents: number): EventLog =>
    config.STORE === 'sqlite'
      ? createSqliteEventLog({ path: join(folder, `${name}.sqlite`), maxEvents })
      : createMemoryEventLog({ maxEvents: Math.min(maxEvents, 5_000), maxBytes: 8 * 2 ** 20 });
  const { log, close: closeLog } = openEventLog(folder, config);
  const liveLog = openLog('live', 20_000);
  const logLinesLog = openLog('log-lines', 10_000);
  const state = createStateStore(isKept ? join(folder, 'state.sqlite') : ':memory:');
  let appendDelayMs = 0;

  return {
    ...{ state, folder, liveLog, logLinesLog, importsFolder, uploadsFolder },
    log: {
      ...log,
      async append(topic, entry) {
        const startedAt = performance.now();
        const event = await log.append(topic, entry);
        appendDelayMs = performance.now() - startedAt;
        onAppended();
        return event;
      },
    },
    get appendDelayMs() {
      return appendDelayMs;
    },
    async close() {
      await closeLog();
      await liveLog.close();
      await logLinesLog.close();
      state.close();
      if (!isKept) await rm(folder, { recursive: true, force: true });
    },
  };
}

function openEventLog(
  folder: string,
  { STORE, DATABASE_URL, REDIS_URL }: StoreConfig,
): { readonly log: EventLog; readonly close: () => Promise<void> } {
  switch (STORE) {
    case 'postgres': {
      const pool = new Pool({
        connectionString: DATABASE_URL,
        connectionTimeoutMillis: 3_000,
        query_timeout: 10_000,
      });
      // An idle connection that was lost. The next query makes another.
      pool.on('error', () => undefined);
      const log = createPostgresEventLog({ pool });
      return {
        log,
        async close() {
          await log.close();
          await pool.end();
        },
      };
    }
    case 'redis':
      return closing(createRedisEventLog({ url: REDIS_URL }));
    case 'sqlite':
      return closing(createSqliteEventLog({ path: join(folder, 'events.sqlite') }));
    case 'memory':
      return closing(createMemoryEventLog());
  }
}

function closing(log: EventLog): { readonly log: EventLog; readonly close: () => Promise<void> } {
  return { log, close: () => log.close() };
}

/** Removes the files that are still to be imported: their clients send them again from the start. */
function freeSpool(uploadsFolder: string): void {
  for (const name of readdirSync(uploadsFolder)) rmSync(join(uploadsFolder, name), { force: true });
}

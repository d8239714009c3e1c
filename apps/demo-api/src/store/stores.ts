import { mkdirSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { createMemoryEventLog, type EventLog } from '@sillage/server';
import { createSqliteEventLog } from '@sillage/server/sqlite';
import type { Config } from '../config.ts';
import { createStateStore, type StateStore } from './state-store.ts';

/** Where the demo keeps what it knows. */
export interface Stores {
  /** Of what must not be lost. */
  readonly log: EventLog;
  /** Of samples: enough for whoever was away for some minutes. */
  readonly liveLog: EventLog;
  readonly state: StateStore;
  /** The folder of the imported files' databases. */
  readonly importsFolder: string;
  /** How long the last append to the event log took. */
  readonly appendDelayMs: number;
  close(): Promise<void>;
}

/**
 * Opens the stores that `STORE` names.
 *
 * @param onAppended told of each event that the log has taken.
 */
export async function openStores(
  { STORE, DATA_DIR }: Pick<Config, 'STORE' | 'DATA_DIR'>,
  onAppended: () => void,
): Promise<Stores> {
  const isKept = STORE === 'sqlite';
  const folder = isKept ? DATA_DIR : await mkdtemp(join(tmpdir(), 'sillage-demo-'));
  const importsFolder = join(folder, 'imports');
  mkdirSync(importsFolder, { recursive: true });
  const log = isKept ? createSqliteEventLog({ path: join(folder, 'events.sqlite') }) : createMemoryEventLog();
  const liveLog = isKept
    ? createSqliteEventLog({ path: join(folder, 'live.sqlite'), maxEvents: 20_000 })
    : createMemoryEventLog({ maxEvents: 5_000, maxBytes: 8 * 2 ** 20 });
  const state = createStateStore(isKept ? join(folder, 'state.sqlite') : ':memory:');
  let appendDelayMs = 0;

  return {
    state,
    liveLog,
    importsFolder,
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
      await log.close();
      await liveLog.close();
      state.close();
      if (!isKept) await rm(folder, { recursive: true, force: true });
    },
  };
}

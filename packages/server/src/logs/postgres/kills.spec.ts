import { fork } from 'node:child_process';
import { once } from 'node:events';
import { Pool } from 'pg';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { createRandom } from '../../core/tick.fixture.ts';
import { createPostgresEventLog } from './postgres-event-log.ts';
import { startPostgres } from './postgres-server.fixture.ts';
import type { PostgresServer } from './postgres-server.fixture.ts';

/** `npm run test:kills` asks for 1,000. */
const kills = Number(process.env.SILLAGE_KILLS ?? 20);
let server: PostgresServer;
beforeAll(async () => {
  server = await startPostgres();
}, 60_000);
afterAll(() => server.remove());

it(
  `has an event for each committed row and no other, after ${kills} processes were killed between the two`,
  { timeout: 60_000 + kills * 1_000 },
  async () => {
    const pool = new Pool(server.config);
    await pool.query('CREATE TABLE orders (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, note text)');
    const log = createPostgresEventLog({ pool, maxEvents: 10_000_000 });
    const streamed: number[] = [];
    await log.tail({
      onEvents: (events) => streamed.push(...events.map(({ data }) => Number(data))),
      onReset: () => expect.unreachable('The tail must not lose its position.'),
    });
    const random = createRandom(1);
    const killOne = async (): Promise<void> => {
      const worker = fork(new URL('./writer-process.fixture.ts', import.meta.url), {
        env: { ...process.env, PGPORT: String(server.config.port) },
      });
      await once(worker, 'message');
      // Any moment will do: this one is random, and nothing depends on its length.
      setTimeout(() => worker.kill('SIGKILL'), random() * 40);
      await once(worker, 'exit');
    };
    let left = kills;
    const killer = async (): Promise<void> => {
      while (left > 0) {
        left -= 1;
        await killOne();
      }
    };
    await Promise.all([killer(), killer()]);
    const committed = async (): Promise<number[]> => {
      const { rows } = await pool.query<{ id: string }>('SELECT id FROM orders ORDER BY id');
      return rows.map(({ id }) => Number(id));
    };
    // Server processes of killed clients may still end their transactions.
    await vi.waitFor(async () => expect(streamed.length).toBe((await committed()).length), { timeout: 10_000 });
    expect(streamed.toSorted((left, right) => left - right)).toEqual(await committed());
    console.log(`killed ${kills} processes: ${streamed.length} rows, ${streamed.length} events, no difference`);
    await log.close();
    await pool.end();
  },
);

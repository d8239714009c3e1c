import { Pool } from 'pg';
import { createHub } from '../../hub/hub.ts';
import { createPostgresEventLog } from './postgres-event-log.ts';

// An application's process, which a test kills at a random moment: it writes rows and publishes each in the same transaction.
const { PGPORT, SILLAGE_SCHEMA: schema = 'sillage' } = process.env;
const pool = new Pool({ host: '127.0.0.1', port: Number(PGPORT), user: 'sillage', database: 'postgres' });
const hub = createHub({ log: createPostgresEventLog({ pool, schema, migrate: 'never' }) });
const client = await pool.connect();
process.send?.('writing');
for (let count = 0; ; count += 1) {
  await client.query('BEGIN');
  const { rows } = await client.query<{ id: string }>('INSERT INTO orders (note) VALUES ($1) RETURNING id::text', [
    'x',
  ]);
  await hub.publish('orders', { data: Number(rows[0]?.id) }, { client });
  await client.query(count % 5 === 4 ? 'ROLLBACK' : 'COMMIT');
}

import { Pool } from 'pg';
import { createPostgresEventLog } from './postgres-event-log.ts';

// A node of its own process, which a test kills or freezes. It has numbered an event, so it is the sequencer.
const { PGPORT, SILLAGE_SCHEMA } = process.env;
const pool = new Pool({ host: '127.0.0.1', port: Number(PGPORT), user: 'sillage', database: 'postgres' });
const log = createPostgresEventLog({ pool, schema: SILLAGE_SCHEMA ?? 'sillage' });
await log.append('a', { type: 'message', data: 'before' });
process.send?.('elected');

import type { ClientBase } from 'pg';
import { ConfigurationError } from '../../core/index.ts';
import { randomEpoch } from '../random-epoch.ts';
import { migrationsOf } from './migrations.ts';

export interface PostgresMigrationOptions {
  /** The schema of the log's tables: 1 to 40 of `[a-z0-9_]`. @default 'sillage' */
  readonly schema?: string;
  /** The name of a new log's first history: 1 to 32 of `[0-9a-z]`. @default a random one */
  readonly epoch?: string;
}

/** @throws ConfigurationError for a name that would need quotes. */
export function checkSchema(schema: string): string {
  if (/^[a-z_][a-z0-9_]{0,39}$/.test(schema)) return schema;
  throw new ConfigurationError(
    `schema is "${schema}". Use 1 to 40 characters of a-z, 0-9 and _, which do not begin with a digit.`,
  );
}

/**
 * Creates the tables of a PostgreSQL log, or brings them to this version's schema. Several processes may call it at the same time. A log calls it
 * itself unless its option `migrate` is `'never'`; call it in a deployment's own step if the application's role may not create tables.
 *
 * @throws ConfigurationError if a newer version of this package has changed the tables.
 *
 * @example
 * const client = new Client({ connectionString });
 * await client.connect();
 * await migratePostgresEventLog(client);
 */
export async function migratePostgresEventLog(
  client: ClientBase,
  options: PostgresMigrationOptions = {},
): Promise<void> {
  const schema = checkSchema(options.schema ?? 'sillage');
  const migrations = migrationsOf(schema);
  if ((await versionOf(client, schema)) === migrations.length) return;
  await client.query('BEGIN');
  try {
    // "CREATE … IF NOT EXISTS" of two processes at once fails in one of them (a unique key of the catalog).
    await client.query('SELECT pg_advisory_xact_lock(hashtextextended($1, 0))', [`${schema}.migrate`]);
    const version = await versionOf(client, schema);
    if (version > migrations.length) {
      throw new ConfigurationError(
        `The tables of the schema ${schema} have version ${version}, and this package knows ${migrations.length}. Update @sillage/server.`,
      );
    }
    if (version === 0) {
      await client.query(`CREATE SCHEMA IF NOT EXISTS ${schema}`);
      await client.query(`CREATE TABLE ${schema}.versions (version integer PRIMARY KEY, at timestamptz DEFAULT now())`);
    }
    for (const [index, statements] of migrations.entries()) {
      if (index < version) continue;
      await client.query(statements);
      await client.query(`INSERT INTO ${schema}.versions (version) VALUES ($1)`, [index + 1]);
    }
    if (version === 0)
      await client.query(`INSERT INTO ${schema}.state (epoch) VALUES ($1)`, [options.epoch ?? randomEpoch()]);
    await client.query('COMMIT');
  } catch (error) {
    await client.query('ROLLBACK').catch(() => undefined);
    throw error;
  }
}

/** 0 where there are no tables yet. Not by to_regclass(): its cache does not see what was created while the lock was waited for. */
async function versionOf(client: ClientBase, schema: string): Promise<number> {
  const tables = await client.query(
    "SELECT FROM pg_catalog.pg_tables WHERE schemaname = $1 AND tablename = 'versions'",
    [schema],
  );
  if (tables.rowCount === 0) return 0;
  const versions = await client.query<{ version: number }>(`SELECT max(version) AS version FROM ${schema}.versions`);
  return versions.rows[0]?.version ?? 0;
}

/** Runs one statement on a node's own connection. */
export type Query = <Row>(text: string, values?: readonly unknown[]) => Promise<readonly Row[]>;

/** Everything that a node asks its database, but for the functions of migrations.ts. */
export interface PostgresQueries {
  readonly listen: string;
  /** Inserts a batch: arrays of topics, types, data and retries. Returns the rows' IDs in the same order. */
  readonly appendBatch: string;
  /** Inserts one event in the transaction of an application. */
  readonly appendOne: string;
  /** Inserts a batch unless its key is known: key, fingerprint, and the arrays of {@link appendBatch}. */
  readonly appendOnce: string;
  /** Remembers the IDs that the events of a key were given. */
  readonly rememberIds: string;
  /** The IDs that are remembered for a key. */
  readonly knownIds: string;
  /** The sequences of rows of the outbox. It reads the whole history. */
  readonly findNumbered: string;
  /** The state, and what follows a sequence, limited in rows and bytes. */
  readonly follow: string;
  /** The state, what is lost of topics, and a page of their events with one more, which tells that there is more. */
  readonly readPage: string;
  readonly position: string;
  readonly number: string;
  readonly trim: string;
  readonly beginEpoch: string;
  /** Takes the lock of the sequencer, if nobody has it. */
  readonly elect: string;
  /** What names the database's own history: it changes with a promoted replica, a restored backup, a dump in another server. */
  readonly readOrigin: string;
  readonly writeOrigin: string;
  /** The oldest event that waits for the sequencer. */
  readonly oldestWaiting: string;
  /** Ends the connection of a sequencer that holds its lock and does nothing. */
  readonly depose: string;
}

export function queriesOf(schema: string): PostgresQueries {
  const lock = `hashtextextended('${schema}.sequencer', 0)`;
  const columns = 'sequence::float8 AS sequence, topic, type, data, retry, outbox_id::text AS "outboxId"';
  return {
    listen: `LISTEN ${schema}`,
    appendBatch: `
      INSERT INTO ${schema}.outbox (topic, type, data, retry)
      SELECT topic, type, data, retry
      FROM unnest($1::text[], $2::text[], $3::text[], $4::integer[]) WITH ORDINALITY AS added (topic, type, data, retry, place)
      ORDER BY place
      RETURNING id::text`,
    appendOne: `INSERT INTO ${schema}.outbox (topic, type, data, retry) VALUES ($1, $2, $3, $4)`,
    appendOnce: `
      SELECT is_repeat AS "isRepeat", known_fingerprint AS fingerprint, known_outbox_ids AS "outboxIds", known_ids AS ids
      FROM ${schema}.append_once($1, $2, $3, $4, $5, $6)`,
    rememberIds: `UPDATE ${schema}.publications SET ids = $2 WHERE key = $1`,
    knownIds: `SELECT ids FROM ${schema}.publications WHERE key = $1`,
    findNumbered: `
      SELECT epoch, sequence::float8 AS sequence
      FROM ${schema}.state JOIN ${schema}.events ON outbox_id = ANY ($1::bigint[]) ORDER BY sequence`,
    // One statement, so that all of it is of one moment.
    follow: `
      WITH sized AS (
        SELECT sequence, bytes, sum(bytes) OVER (ORDER BY sequence) AS total
        FROM (SELECT sequence, bytes FROM ${schema}.events WHERE sequence > $1 ORDER BY sequence LIMIT $2) AS next
      ), picked AS (
        SELECT * FROM ${schema}.events
        WHERE sequence > $1 AND sequence <= (SELECT max(sequence) FROM sized WHERE total - bytes <= $3)
        ORDER BY sequence LIMIT $2
      )
      SELECT epoch, first::float8 AS first, last::float8 AS last,
        (SELECT outbox_id::text FROM ${schema}.events WHERE events.sequence = $1) AS anchor,
        (SELECT through::float8 FROM ${schema}.histories WHERE histories.epoch = $4) AS through, ${columns}
      FROM ${schema}.state LEFT JOIN picked ON true ORDER BY sequence`,
    readPage: `
      WITH next AS (
        SELECT sequence, bytes FROM unnest($1::text[]) AS wanted (topic)
        CROSS JOIN LATERAL (
          SELECT sequence, bytes FROM ${schema}.events WHERE events.topic = wanted.topic AND sequence > $2 ORDER BY sequence LIMIT $3
        ) AS of_topic
        ORDER BY sequence LIMIT $3
      ), sized AS (
        SELECT sequence, bytes, sum(bytes) OVER (ORDER BY sequence) AS total, row_number() OVER (ORDER BY sequence) AS place FROM next
      ), picked AS (
        SELECT events.* FROM sized JOIN ${schema}.events USING (sequence) WHERE place <= 2 OR total - sized.bytes <= $4
      )
      SELECT epoch, first::float8 AS first, last::float8 AS last,
        (SELECT through::float8 FROM ${schema}.histories WHERE histories.epoch = $5) AS through,
        (SELECT max(coalesce(trimmed.through, forgotten))::float8
          FROM unnest($1::text[]) AS wanted (topic) LEFT JOIN ${schema}.trimmed USING (topic)) AS lost, ${columns}
      FROM ${schema}.state LEFT JOIN picked ON true ORDER BY sequence`,
    position: `SELECT epoch, last::float8 AS last FROM ${schema}.state`,
    number: `SELECT ${schema}.number_events($1) AS numbered`,
    trim: `SELECT ${schema}.trim_events($1, $2)`,
    beginEpoch: `SELECT ${schema}.begin_epoch($1, $2, $3)`,
    elect: `SELECT pg_try_advisory_lock(${lock}) AS elected`,
    readOrigin: `
      SELECT epoch, last::float8 AS last, origin,
        (SELECT system_identifier FROM pg_control_system())::text || '/' || left(pg_walfile_name(pg_current_wal_lsn()), 8) AS present
      FROM ${schema}.state`,
    writeOrigin: `UPDATE ${schema}.state SET origin = $1`,
    oldestWaiting: `SELECT min(position)::text AS position FROM ${schema}.committing`,
    depose: `
      SELECT pg_terminate_backend(holder.pid)
      FROM pg_locks AS holder JOIN pg_stat_activity AS activity USING (pid)
      WHERE locktype = 'advisory' AND granted AND objsubid = 1
        AND holder.database = (SELECT oid FROM pg_database WHERE datname = current_database())
        AND ((classid::bigint << 32) | objid::bigint) = ${lock}
        AND activity.state LIKE 'idle%'`,
  };
}

/**
 * The statements of each schema version. A released version never changes: a change is the next one.
 *
 * - `outbox` has what applications have published. Its rows become visible when their transactions commit, and the sequencer removes them.
 * - `committing` has the order in which they were committed. Its rows are written by a deferred trigger, at the end of each transaction: where
 *   one transaction waited for a row that another had locked, it gets the later number. An identity column of `outbox` does not have that order,
 *   because a transaction may publish first and commit last.
 * - `events` is the history, in the order of its sequence, which only the sequencer gives.
 */
export function migrationsOf(schema: string): readonly string[] {
  return [
    `
    CREATE TABLE ${schema}.state (
      is_only boolean PRIMARY KEY DEFAULT true CHECK (is_only),
      epoch text NOT NULL,
      first bigint NOT NULL DEFAULT 1,
      last bigint NOT NULL DEFAULT 0,
      forgotten bigint NOT NULL DEFAULT 0,
      origin text NOT NULL DEFAULT ''
    ) WITH (fillfactor = 10);
    CREATE TABLE ${schema}.histories (
      opening bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, epoch text NOT NULL UNIQUE, through bigint NOT NULL
    );
    CREATE TABLE ${schema}.outbox (
      id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, topic text NOT NULL, type text NOT NULL, data text NOT NULL, retry integer
    ) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000);
    CREATE TABLE ${schema}.committing (
      position bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, outbox_id bigint NOT NULL
    ) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000);
    CREATE TABLE ${schema}.events (
      sequence bigint PRIMARY KEY, topic text NOT NULL, type text NOT NULL, data text NOT NULL, retry integer,
      bytes integer NOT NULL, outbox_id bigint NOT NULL
    );
    CREATE INDEX events_by_topic ON ${schema}.events (topic, sequence);
    CREATE TABLE ${schema}.trimmed (topic text PRIMARY KEY, through bigint NOT NULL);
    CREATE INDEX trimmed_by_sequence ON ${schema}.trimmed (through);

    CREATE FUNCTION ${schema}.note_commit() RETURNS trigger LANGUAGE plpgsql AS $body$
    BEGIN
      INSERT INTO ${schema}.committing (outbox_id) VALUES (NEW.id);
      RETURN NULL;
    END $body$;
    CREATE CONSTRAINT TRIGGER note_commit AFTER INSERT ON ${schema}.outbox
      DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION ${schema}.note_commit();

    -- Numbers up to "most" committed events, and wakes the nodes once. Returns how many. The row lock makes two callers wait for each other.
    CREATE FUNCTION ${schema}.number_events(most integer) RETURNS integer LANGUAGE plpgsql AS $body$
    DECLARE
      present ${schema}.state%ROWTYPE;
      positions bigint[];
      numbered integer;
    BEGIN
      PERFORM FROM ${schema}.committing ORDER BY position LIMIT 1;
      IF NOT FOUND THEN RETURN 0; END IF;
      SELECT * INTO present FROM ${schema}.state FOR UPDATE;
      positions := ARRAY(SELECT position FROM ${schema}.committing ORDER BY position LIMIT most);
      WITH taken AS (
        DELETE FROM ${schema}.committing WHERE position = ANY (positions) RETURNING position, outbox_id
      ), removed AS (
        DELETE FROM ${schema}.outbox USING taken WHERE outbox.id = taken.outbox_id RETURNING taken.position, outbox.*
      )
      INSERT INTO ${schema}.events (sequence, topic, type, data, retry, bytes, outbox_id)
      SELECT present.last + row_number() OVER (ORDER BY position), topic, type, data, retry, octet_length(data) + octet_length(type), id
      FROM removed;
      GET DIAGNOSTICS numbered = ROW_COUNT;
      IF numbered > 0 THEN
        UPDATE ${schema}.state SET last = present.last + numbered;
        PERFORM pg_notify('${schema}', present.epoch || '-' || (present.last + numbered));
      END IF;
      RETURN numbered;
    END $body$;

    -- Removes the oldest events up to a sequence, and remembers of which topics they were. "most_topics" limits what is remembered.
    CREATE FUNCTION ${schema}.trim_events(through_sequence bigint, most_topics integer) RETURNS void LANGUAGE plpgsql AS $body$
    DECLARE
      excess integer;
    BEGIN
      PERFORM 1 FROM ${schema}.state FOR UPDATE;
      WITH gone AS (
        DELETE FROM ${schema}.events WHERE sequence <= through_sequence RETURNING topic, sequence
      )
      INSERT INTO ${schema}.trimmed (topic, through) SELECT topic, max(sequence) FROM gone GROUP BY topic
      ON CONFLICT (topic) DO UPDATE SET through = EXCLUDED.through;
      SELECT count(*) - most_topics INTO excess FROM ${schema}.trimmed;
      IF excess > 0 THEN
        WITH forgotten_topics AS (
          DELETE FROM ${schema}.trimmed
          WHERE topic = ANY (ARRAY(SELECT topic FROM ${schema}.trimmed ORDER BY through LIMIT excess))
          RETURNING through
        )
        UPDATE ${schema}.state SET forgotten = greatest(forgotten, (SELECT max(through) FROM forgotten_topics));
      END IF;
      UPDATE ${schema}.state SET first = greatest(first, least(through_sequence, last) + 1);
    END $body$;

    -- Begins another history, unless somebody else has ended the expected one. Positions of it hold up to "held_through".
    CREATE FUNCTION ${schema}.begin_epoch(expected text, next_epoch text, held_through bigint) RETURNS void LANGUAGE plpgsql AS $body$
    DECLARE
      present ${schema}.state%ROWTYPE;
    BEGIN
      SELECT * INTO present FROM ${schema}.state FOR UPDATE;
      IF present.epoch <> expected THEN RETURN; END IF;
      INSERT INTO ${schema}.histories (epoch, through) VALUES (present.epoch, least(held_through, present.last));
      DELETE FROM ${schema}.histories WHERE opening <= (SELECT max(opening) FROM ${schema}.histories) - 1000;
      UPDATE ${schema}.state SET epoch = next_epoch;
      PERFORM pg_notify('${schema}', next_epoch || '-' || present.last);
    END $body$;
    `,
    `
    CREATE TABLE ${schema}.publications (
      key text PRIMARY KEY, fingerprint text NOT NULL, outbox_ids bigint[] NOT NULL DEFAULT '{}', ids text[],
      stored_at timestamptz NOT NULL DEFAULT now()
    );
    CREATE INDEX publications_by_age ON ${schema}.publications (stored_at);

    -- Publishes a batch unless its key is known. A second caller waits for the first one's commit.
    CREATE FUNCTION ${schema}.append_once(
      wanted_key text, wanted_fingerprint text, topics text[], types text[], datas text[], retries integer[]
    ) RETURNS TABLE (is_repeat boolean, known_fingerprint text, known_outbox_ids text[], known_ids text[]) LANGUAGE plpgsql AS $body$
    DECLARE
      added bigint[];
    BEGIN
      DELETE FROM ${schema}.publications WHERE key = ANY (ARRAY(
        SELECT key FROM ${schema}.publications WHERE stored_at < now() - interval '24 hours' ORDER BY stored_at LIMIT 100 FOR UPDATE SKIP LOCKED
      ));
      INSERT INTO ${schema}.publications (key, fingerprint) VALUES (wanted_key, wanted_fingerprint) ON CONFLICT DO NOTHING;
      IF FOUND THEN
        WITH inserted AS (
          INSERT INTO ${schema}.outbox (topic, type, data, retry)
          SELECT topic, type, data, retry
          FROM unnest(topics, types, datas, retries) WITH ORDINALITY AS added (topic, type, data, retry, place)
          ORDER BY place
          RETURNING id
        )
        SELECT array_agg(id ORDER BY id) INTO added FROM inserted;
        UPDATE ${schema}.publications SET outbox_ids = coalesce(added, '{}') WHERE key = wanted_key;
        RETURN QUERY SELECT false, wanted_fingerprint, added::text[], NULL::text[];
      ELSE
        RETURN QUERY SELECT true, fingerprint, outbox_ids::text[], ids FROM ${schema}.publications WHERE key = wanted_key;
      END IF;
    END $body$;
    `,
  ];
}

import type { DatabaseSync } from 'node:sqlite';
import { trimmedByTopicQuery } from './sqlite-queries.ts';

/** Lets the oldest events go, and notes of which topics they were. */
export interface SqliteTrimming {
  /** Removes the events up to a sequence, within the caller's transaction. */
  trimThrough(sequence: number): void;
  /** The transaction was rolled back. */
  recount(): void;
}

export function prepareTrimming(database: DatabaseSync, maxTrimmedTopics: number): SqliteTrimming {
  const addTopics = database.prepare(`INSERT OR IGNORE INTO trimmed ${trimmedByTopicQuery}`);
  const moveTopics = database.prepare(`
    UPDATE trimmed SET through = gone.through FROM (${trimmedByTopicQuery}) AS gone WHERE trimmed.topic = gone.topic`);
  const trim = database.prepare('DELETE FROM events WHERE sequence <= ?');
  const countTopics = database.prepare('SELECT count(*) AS count FROM trimmed');
  const forget = database.prepare(
    'DELETE FROM trimmed WHERE topic IN (SELECT topic FROM trimmed ORDER BY through LIMIT ?) RETURNING through',
  );
  const noteForgotten = database.prepare('UPDATE forgotten SET through = max(through, ?)');
  // Kept here, as count(*) walks over all topics.
  let count = countAll();

  function countAll(): number {
    return (countTopics.get() as { count: number }).count;
  }

  return {
    trimThrough(sequence) {
      count += Number(addTopics.run(sequence).changes);
      moveTopics.run(sequence);
      trim.run(sequence);
      if (count <= maxTrimmedTopics) return;
      const forgotten = forget.all(count - maxTrimmedTopics) as { through: number }[];
      noteForgotten.run(Math.max(...forgotten.map(({ through }) => through)));
      count -= forgotten.length;
    },
    recount() {
      count = countAll();
    },
  };
}

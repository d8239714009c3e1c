/** The queries whose plans a test checks: each looks its rows up instead of scanning for them. */

export const eventsOfTopicQuery = `
  SELECT sequence, topic, type, data, retry FROM events WHERE topic = ? AND sequence > ? ORDER BY sequence LIMIT ?`;

export const sequencesOfTopicQuery =
  'SELECT sequence FROM events WHERE topic = ? AND sequence > ? ORDER BY sequence LIMIT ?';

/**
 * The last trimmed event of each topic up to a sequence. `NOT INDEXED`: with the index of topics, SQLite would group by walking over all
 * events that the log holds, at each commit; so it looks up the few that are trimmed by their sequence, which is the table's key.
 */
export const trimmedByTopicQuery = `
  SELECT topic, max(sequence) AS through FROM events NOT INDEXED WHERE sequence <= ? GROUP BY topic`;

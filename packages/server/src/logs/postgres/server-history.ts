import { randomEpoch } from '../random-epoch.ts';
import type { PostgresQueries, Query } from './queries.ts';

/**
 * Begins another history if the database is not the one that wrote the last events: a promoted replica or a restored backup may have lost some,
 * whose numbers would be given again. Positions that it still has hold.
 *
 * @returns `'another'` if it was another database.
 */
export async function checkServer(query: Query, queries: PostgresQueries): Promise<'same' | 'another'> {
  const [row] = await query<{ epoch: string; last: number; origin: string; present: string }>(queries.readOrigin);
  if (row === undefined || row.origin === row.present) return 'same';
  if (row.origin !== '') await query(queries.beginEpoch, [row.epoch, randomEpoch(), row.last]);
  await query(queries.writeOrigin, [row.present]);
  return row.origin === '' ? 'same' : 'another';
}

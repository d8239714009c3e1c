import { EventRefusedError } from '../core/index.ts';
import { formatEventId } from '../events/index.ts';
import type { EventPlace, StoredBatch } from '../events/index.ts';

/** For how long a log remembers the key of a batch, so that the same batch is not stored twice. */
export const rememberMs = 24 * 3_600_000;

/** What a log remembers of a batch. */
export interface Publication {
  readonly fingerprint: string;
  readonly ids: readonly string[];
}

/** @throws EventRefusedError `key-reused` */
export function repeatOf(known: Publication, fingerprint: string): StoredBatch {
  if (known.fingerprint === fingerprint) return { ids: known.ids, isRepeat: true };
  throw keyReused();
}

export function keyReused(): EventRefusedError {
  return new EventRefusedError(
    'key-reused',
    'Other events were published with this key in the last 24 hours. Use a new key for each publication.',
  );
}

/** The IDs of events that a log has stored one after the other. */
export function denseIds({ epoch, sequence: first }: EventPlace, count: number): string[] {
  return Array.from({ length: count }, (_, index) => formatEventId({ epoch, sequence: first + index }));
}

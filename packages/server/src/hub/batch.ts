import { EventRefusedError, sha256 } from '../core/index.ts';
import { checkTopic, draftEvent } from '../events/index.ts';
import type { LogBatch, OutgoingEvent } from '../events/index.ts';

const keyPattern = /^[\x21-\x7e][\x20-\x7e]{0,199}$/;

/** Checks all events of a batch before any of them is stored. */
export async function draftBatch(
  key: string,
  events: readonly (OutgoingEvent & { readonly topic: string })[],
  maxEventBytes: number,
): Promise<LogBatch> {
  if (!keyPattern.test(key)) {
    throw new EventRefusedError('invalid-key', 'A key must have 1 to 200 printable ASCII characters.');
  }
  const drafts = events.map((event) => ({ topic: checkTopic(event.topic), entry: draftEvent(event, maxEventBytes) }));
  return { events: drafts, key, fingerprint: await sha256(JSON.stringify(drafts)) };
}

import { formatEventId } from '../../events/index.ts';
import type { LoggedEvent } from '../../events/index.ts';
import type { FollowedEvent, FollowSource } from '../follower.ts';
import { randomEpoch } from '../random-epoch.ts';
import type { RedisConnection, RedisReply } from './redis-connection.ts';
import { endEpochScript, followScript } from './scripts.ts';

const maxEvents = 1_000;
const maxBytes = 4 * 2 ** 20;

/** @param firstEpoch The name of the history that begins if there is no log yet. */
export function createRedisSource(connection: RedisConnection, firstEpoch?: string): FollowSource {
  return {
    async read({ epoch, sequence }) {
      const next = firstEpoch !== undefined && epoch === '' ? firstEpoch : randomEpoch();
      const values = [next, epoch, String(sequence), String(maxEvents), String(maxBytes)];
      const reply = await connection.run(followScript, values);
      const [present, first, last, through, anchor, found] = reply as [
        string,
        number,
        number,
        number,
        string,
        RedisReply[],
      ];
      return {
        epoch: present,
        first,
        last,
        through: through < 0 ? undefined : through,
        anchor: anchor === '' ? undefined : anchor,
        events: readEvents(found, present),
      };
    },
    async endEpoch(epoch, next) {
      await connection.run(endEpochScript, [next, epoch]);
    },
  };
}

/** The events of a script's answer: pairs of a sequence and an entry's fields, in the order in which they were written. */
export function readEvents(found: readonly RedisReply[], epoch: string): FollowedEvent[] {
  return (found as [number, string[]][]).map(([sequence, fields]) => {
    const [, topic = '', , type = '', , data = '', , retry = '', , identity = ''] = fields;
    const event = { id: formatEventId({ epoch, sequence }), sequence, topic, type, data };
    return { event: retry === '' ? event : { ...event, retry: Number(retry) }, identity };
  });
}

export function sizeOf({ data, type }: LoggedEvent): number {
  return Buffer.byteLength(data) + Buffer.byteLength(type);
}

import type { Hub } from '@sillage/server';
import type { Notice, Person } from 'demo-contract';
import type { Inboxes } from './inbox.ts';
import { noticeTopic } from './notice-topic.ts';

/** The sender of the API's own notices. */
export const sillage: Person = { id: 'sillage', name: 'Sillage', username: '' };

/** Sends a user a notice, and resolves with its ID once it is durable. */
export type Notify = (to: string, notice: Omit<Notice, 'at'>) => Promise<string>;

export function createNotify(hub: Hub, inboxes: Pick<Inboxes, 'of' | 'store'>): Notify {
  return async (to, notice) => {
    // The inbox of a user who has never looked at it begins before the first notice.
    await inboxes.of(to);
    const data: Notice = { ...notice, at: new Date().toISOString() };
    const id = await hub.publish(noticeTopic(to), { type: 'notification', data });
    await inboxes.store(to);
    return id;
  };
}

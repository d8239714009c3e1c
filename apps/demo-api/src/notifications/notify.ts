import type { Hub } from '@sillage/server';
import type { Notice, Person } from 'demo-contract';

/** The sender of the API's own notices. */
export const sillage: Person = { id: 'sillage', name: 'Sillage', username: '' };

/** One topic per user: a user can only subscribe to their own. */
export function noticeTopic(personId: string): string {
  return `notifications/${personId}`;
}

/** Sends a user a notice, and resolves with its ID once it is durable. */
export type Notify = (to: string, notice: Omit<Notice, 'at'>) => Promise<string>;

export function createNotify(hub: Hub): Notify {
  return (to, notice) => {
    const data: Notice = { ...notice, at: new Date().toISOString() };
    return hub.publish(noticeTopic(to), { type: 'notification', data });
  };
}

import type { Hub } from '@sillage/server';
import type { Notice, Person } from 'demo-contract';

/** Who the API's own notices are from. */
export const sillage: Person = { id: 'sillage', name: 'Sillage', username: '' };

/** A topic a person: nobody can ask for another's. */
export function noticeTopic(personId: string): string {
  return `notifications/${personId}`;
}

/** Sends a person a notice, and resolves with its ID once it cannot be lost any more. */
export type Notify = (to: string, notice: Omit<Notice, 'at'>) => Promise<string>;

export function createNotify(hub: Hub): Notify {
  return (to, notice) => {
    const data: Notice = { ...notice, at: new Date().toISOString() };
    return hub.publish(noticeTopic(to), { type: 'notification', data });
  };
}

import { formatEventId, type Hub } from '@sillage/server';
import type { Inbox, Notice } from 'demo-contract';
import type { Stores } from '../store/stores.ts';
import { noticeTopic } from './notice-topic.ts';

/** The notices that a user was sent, also while no page was open. */
export interface Inboxes {
  /** The newest first, and the position after which the stream continues. */
  of(userId: string): Promise<Inbox>;
  /** Adds what the log has, so that it is there when the log has forgotten it. */
  store(userId: string): Promise<void>;
  /** All of them are read now. */
  markRead(userId: string): Promise<void>;
}

interface StoredInbox {
  /** The oldest first. */
  readonly notices: readonly Notice[];
  readonly lastEventId: string;
  readonly readAt: string;
}

const maxNotices = 100;
const pageLimits = { maxEvents: maxNotices, maxBytes: 2 ** 20 };

export function createInboxes({ hub, stores }: { readonly hub: Hub; readonly stores: Stores }): Inboxes {
  const table = stores.state.table<StoredInbox>('inbox', { perOwner: 1, past: 'refuse' });

  /** What is stored, and what the log has after it: another process may have published it. */
  const read = async (userId: string): Promise<StoredInbox> => {
    await hub.ready();
    const stored = table.get(userId);
    if (stored === undefined) return { notices: [], lastEventId: formatEventId(hub.position), readAt: '' };
    const { lastEventId: after, readAt } = stored;
    const page = await stores.log.read({ after, topics: [noticeTopic(userId)], ...pageLimits });
    const added = page.events.map(({ data }) => JSON.parse(data) as Notice);
    return {
      notices: [...stored.notices, ...added].slice(-maxNotices),
      lastEventId: formatEventId(page.place),
      readAt,
    };
  };
  const store = async (userId: string, change: (inbox: StoredInbox) => StoredInbox): Promise<void> => {
    const before = table.get(userId)?.lastEventId;
    const inbox = change(await read(userId));
    table.update(userId, (stored) => (stored?.lastEventId === before ? inbox : undefined), userId);
  };

  return {
    async of(userId) {
      const { notices, lastEventId, readAt } = await read(userId);
      // Created with the first look: from here on, every notice is after a known position.
      if (table.get(userId) === undefined) table.set(userId, { notices, lastEventId, readAt }, userId);
      return {
        notices: notices.toReversed(),
        lastEventId,
        unread: notices.filter(({ at }) => at > readAt).length,
      };
    },
    store: (userId) => store(userId, (inbox) => inbox),
    markRead: (userId) => store(userId, (inbox) => ({ ...inbox, readAt: inbox.notices.at(-1)?.at ?? inbox.readAt })),
  };
}

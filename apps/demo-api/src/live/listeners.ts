import type { Identity, SessionSummary } from '@sillage/server';

/** The open sessions of each topic. */
export interface Listeners {
  /** Called by the endpoints' hooks, for every session. */
  opened(session: SessionSummary): void;
  closed(session: SessionSummary): void;
  /** The number of sessions of the topic. */
  count(topic: string): number;
  /** Their users, by `Identity.key`. A user with two pages counts once. */
  people(topic: string): ReadonlySet<string>;
  /** Calls back whenever a session of a topic with this prefix was opened or closed. */
  watch(prefix: string, callback: (topic: string, identity: Identity) => void): void;
}

export function createListeners(): Listeners {
  const byTopic = new Map<string, Map<string, number>>();
  const watchers: { readonly prefix: string; readonly callback: (topic: string, identity: Identity) => void }[] = [];

  function change({ identity, topics }: SessionSummary, difference: 1 | -1): void {
    for (const topic of topics ?? []) {
      const people = byTopic.get(topic) ?? new Map<string, number>();
      const sessions = (people.get(identity.key) ?? 0) + difference;
      if (sessions > 0) people.set(identity.key, sessions);
      else people.delete(identity.key);
      if (people.size > 0) byTopic.set(topic, people);
      else byTopic.delete(topic);
      for (const { prefix, callback } of watchers) if (topic.startsWith(prefix)) callback(topic, identity);
    }
  }

  return {
    opened: (session) => change(session, 1),
    closed: (session) => change(session, -1),
    count: (topic) => [...(byTopic.get(topic)?.values() ?? [])].reduce((total, sessions) => total + sessions, 0),
    people: (topic) => new Set(byTopic.get(topic)?.keys()),
    watch: (prefix, callback) => void watchers.push({ prefix, callback }),
  };
}

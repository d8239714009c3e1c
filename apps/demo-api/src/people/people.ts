import type { Identity } from '@sillage/server';
import type { Person } from 'demo-contract';
import type { StateStore } from '../store/state-store.ts';

/** The users that have called this API. Keyed on tenant and object ID: names and e-mail addresses can pass to other users. */
export interface People {
  meet(identity: Identity): Person;
  find(id: string): Person | undefined;
  all(): Person[];
}

const maxMet = 1_000;

export interface PeopleOptions {
  /** Called for each user that calls for the first time since the API started. */
  readonly onFirstMet: (person: Person) => void;
  /** Called if a user cannot be stored, for example on a full disk. The user's request continues. */
  readonly onUnstored: (error: unknown) => void;
}

export function createPeople(state: StateStore, { onFirstMet, onUnstored }: PeopleOptions): People {
  // One entry per user: the tenant decides how many there are.
  const known = state.table<Person>('person', { perOwner: 1, past: 'refuse' });
  const met = new Map<string, Person>();
  return {
    meet(identity) {
      const before = met.get(identity.key);
      const { key: id, username = '', name = username === '' ? 'Somebody' : username } = identity;
      if (before?.name === name && before.username === username) return before;
      const person = { id, name, username };
      // Past the limit, a user's first call is logged again, and nothing else changes.
      if (met.size >= maxMet) met.clear();
      met.set(id, person);
      try {
        known.set(id, person, id);
      } catch (error) {
        onUnstored(error);
      }
      if (before === undefined) onFirstMet(person);
      return person;
    },
    find: (id) => known.get(id),
    all: () => known.values().sort((one, other) => one.name.localeCompare(other.name)),
  };
}

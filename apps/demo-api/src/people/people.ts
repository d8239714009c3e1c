import type { Identity } from '@sillage/server';
import type { Person } from 'demo-contract';
import type { StateStore } from '../store/state-store.ts';

/** Who has called this API. Keyed on tenant and object: names and e-mail addresses change hands. */
export interface People {
  meet(identity: Identity): Person;
  find(id: string): Person | undefined;
  all(): Person[];
}

const maxMet = 1_000;

/** @param onFirstMet told of each person that is met for the first time since the API started. */
export function createPeople(state: StateStore, onFirstMet: (person: Person) => void): People {
  const known = state.table<Person>('person');
  const met = new Map<string, Person>();
  return {
    meet(identity) {
      const before = met.get(identity.key);
      const { key: id, username = '', name = username === '' ? 'Somebody' : username } = identity;
      if (before?.name === name && before.username === username) return before;
      const person = { id, name, username };
      // Past the bound, a person is met anew, which is all that they would notice.
      if (met.size >= maxMet) met.clear();
      met.set(id, person);
      known.set(id, person);
      if (before === undefined) onFirstMet(person);
      return person;
    },
    find: (id) => known.get(id),
    all: () => known.values().sort((one, other) => one.name.localeCompare(other.name)),
  };
}

import type { Identity } from '@sillage/server';
import type { Person } from 'demo-contract';
import { BoundedMap } from '../bounded-map.ts';

/** Who has called this API since it started. Keyed on tenant and object: names and e-mail addresses change hands. */
export interface People {
  meet(identity: Identity): Person;
  find(id: string): Person | undefined;
  all(): Person[];
}

export function createPeople(limit = 1_000): People {
  const known = new BoundedMap<string, Person>(limit);
  return {
    meet(identity) {
      const person = {
        id: identity.key,
        name: identity.name ?? identity.username ?? 'Somebody',
        username: identity.username ?? '',
      };
      known.set(person.id, person);
      return person;
    },
    find: (id) => known.get(id),
    all: () => known.values().sort((one, other) => one.name.localeCompare(other.name)),
  };
}

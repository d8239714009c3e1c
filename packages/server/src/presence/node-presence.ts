/** A user at a topic. */
export type Seat = readonly [topic: string, user: string];

/** Which users are at which topics, of one node. A user with several sessions is there once. */
export class NodePresence {
  readonly #counts = new Map<string, Map<string, number>>();

  /** @returns whether the user was not there before. */
  add([topic, user]: Seat): boolean {
    const users = this.#counts.get(topic) ?? new Map<string, number>();
    this.#counts.set(topic, users);
    const before = users.get(user) ?? 0;
    users.set(user, before + 1);
    return before === 0;
  }

  /** @returns whether the user is no longer there. */
  remove([topic, user]: Seat): boolean {
    const users = this.#counts.get(topic);
    const before = users?.get(user);
    if (users === undefined || before === undefined) return false;
    if (before > 1) {
      users.set(user, before - 1);
      return false;
    }
    users.delete(user);
    if (users.size === 0) this.#counts.delete(topic);
    return true;
  }

  has([topic, user]: Seat): boolean {
    return this.#counts.get(topic)?.has(user) === true;
  }

  of(topic: string): Iterable<string> {
    return this.#counts.get(topic)?.keys() ?? [];
  }

  seats(): Seat[] {
    return [...this.#counts].flatMap(([topic, users]) => [...users.keys()].map((user): Seat => [topic, user]));
  }
}

/** Somebody who has signed in. */
export interface Person {
  /** `<tenant>.<object>`: what the API keys on. */
  readonly id: string;
  readonly name: string;
  /** To show. */
  readonly username: string;
}

/** `GET me` */
export interface Me extends Person {
  readonly roles: readonly string[];
  /** Whether the API demands a second factor of this person before it streams. */
  readonly stepUp: 'demanded' | 'not-demanded';
}

/** `GET sessions`, for administrators. */
export interface SessionReport {
  readonly total: number;
  readonly byPerson: Readonly<Record<string, number>>;
}

import type { AccessRequirements } from './access.ts';
import type { ClaimsChallenge, Identity } from './auth/index.ts';
import type { OutgoingEvent } from './event-draft.ts';

/** What an application's callbacks are told about a request. */
export interface StreamContext<Native = unknown> {
  readonly identity: Identity;
  /** The framework's own request: with `/express`, Express's. */
  readonly request: Native;
  readonly query: URLSearchParams;
  /** Aborts when the client leaves or the session ends. Hand it to what is done on the client's behalf. */
  readonly signal: AbortSignal;
}

/** `forbidden` is answered by 403, `not-found` by 404, and a claims challenge by 401 (PROTOCOL 7.4). */
export type Authorization = 'allow' | 'forbidden' | 'not-found' | ClaimsChallenge;

interface AuthorizedOptions<Native> extends AccessRequirements {
  /**
   * Decides on this very request, at each connection. What it throws is answered by 500.
   * @default 'allow' for who meets the requirements
   */
  readonly authorize?: (context: StreamContext<Native>) => Authorization | Promise<Authorization>;
}

export interface StreamOptions<Native = unknown> extends AuthorizedOptions<Native> {
  /**
   * What to send: 1 to `maxTopics` topics, decided anew at each connection. An empty list, or a topic out of bounds, is answered
   * by 404.
   */
  readonly topics:
    readonly string[] | ((context: StreamContext<Native>) => readonly string[] | Promise<readonly string[]>);
  /** @default ['GET'] */
  readonly methods?: readonly StreamMethod[];
}

export interface RespondOptions<Native = unknown> extends AuthorizedOptions<Native> {
  /** @default ['GET', 'POST'] */
  readonly methods?: readonly StreamMethod[];
}

export type StreamMethod = 'GET' | 'POST';

/** The events of a finite stream: an async generator, usually. */
export type StreamSource<Native = unknown> = (context: StreamContext<Native>) => AsyncIterable<OutgoingEvent>;

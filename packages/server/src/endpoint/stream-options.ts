import type { AccessRequirements, ClaimsChallenge, Identity } from '../auth/index.ts';
import type { LogEntry, OutgoingEvent } from '../events/index.ts';
import type { Hub } from '../hub/index.ts';
import type { Denial, TooManyRequests } from '../http/index.ts';

/** What an application's callbacks are told about a request. */
export interface StreamContext<Native = unknown> {
  readonly identity: Identity;
  /** The framework's own request: with `/express`, Express's. */
  readonly request: Native;
  readonly query: URLSearchParams;
  /** The ID that the client saw last (PROTOCOL 2.3); `undefined` where it has seen none. */
  readonly lastEventId: string | undefined;
  /** Aborts when the client leaves or the session ends. Hand it to what is done on the client's behalf. */
  readonly signal: AbortSignal;
}

/**
 * `forbidden` is answered by 403, `not-found` by 404, a claims challenge by 401 (PROTOCOL 7.4), and too many requests by 429 with
 * `Retry-After` (PROTOCOL 3.6).
 */
export type Authorization = 'allow' | 'forbidden' | 'not-found' | Denial | ClaimsChallenge | TooManyRequests;

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
  /** Where the topics are. @default the endpoint's own hub */
  readonly hub?: Hub;
  /**
   * The state that the events change, for who cannot have it from them: it opens a connection that starts at the present, and follows
   * a gap in place of a replay (PROTOCOL 5.5). What it throws cuts the connection off.
   * @default none: a stream of events alone
   */
  readonly snapshot?: (context: StreamContext<Native>) => StreamSnapshot | Promise<StreamSnapshot>;
  /**
   * Whether an event is the last one: `complete` follows it, and the connection ends (PROTOCOL 6.2). Asked of each event as it is sent,
   * and of the snapshot, which is also taken where a client resumes: past the last event, it gets `complete` at once. So it needs
   * `snapshot`. Must not throw.
   * @default none is: the stream has no end
   *
   * @example completeAfter: ({ data }) => (JSON.parse(data) as Progress).status !== 'running'
   */
  readonly completeAfter?: (event: LogEntry) => boolean;
  /** @default ['GET'] */
  readonly methods?: readonly StreamMethod[];
}

/** What `snapshot` answers. */
export interface StreamSnapshot {
  /**
   * A place in the log from which on events are sent after the snapshot: `formatEventId(hub.position)`, read before the state was. Change the
   * state before you publish the change: an event may then be sent though the snapshot has it, but none is missed. A snapshot that
   * is the last event, though, must be taken once that event was published.
   */
  readonly after: string;
  readonly event: OutgoingEvent;
}

/**
 * How a finite stream ends: by the event `complete` (PROTOCOL 6.2); by an event with this text as its data, such as `[DONE]`; or by the
 * end of the response alone. All but the first are for clients of other protocols, which fail on an event with empty data.
 */
export type FiniteStreamEnd = 'complete' | 'close' | { readonly data: string };

export interface RespondOptions<Native = unknown> extends AuthorizedOptions<Native> {
  /** @default 'complete' */
  readonly end?: FiniteStreamEnd;
  /** @default ['GET', 'POST'] */
  readonly methods?: readonly StreamMethod[];
}

export type StreamMethod = 'GET' | 'POST';

/**
 * The events of a finite stream: an async generator, usually. A source that gives its events IDs can be resumed: it begins after
 * `context.lastEventId`.
 */
export type StreamSource<Native = unknown> = (context: StreamContext<Native>) => AsyncIterable<FiniteStreamEvent>;

/** `id`: whatever the source finds its place by, without CR, LF and NUL. Without one, a client that drops has no place to resume from. */
export type FiniteStreamEvent = OutgoingEvent & { readonly id?: string };

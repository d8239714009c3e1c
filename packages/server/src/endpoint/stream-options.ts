import type { AccessRequirements, ClaimsChallenge, Identity } from '../auth/index.ts';
import type { LogEntry, OutgoingEvent } from '../events/index.ts';
import type { Hub } from '../hub/index.ts';
import type { Denial, TooManyRequests } from '../http/index.ts';

/** What an application's callbacks get about a request. */
export interface StreamContext<Native = unknown> {
  readonly identity: Identity;
  /** The framework's own request: Express's, with `/express`. */
  readonly request: Native;
  readonly query: URLSearchParams;
  /** The last event ID of the client (PROTOCOL 2.3); `undefined` if it has none. */
  readonly lastEventId: string | undefined;
  /** Aborts when the client disconnects or the session ends. Pass it to everything that you do for this client. */
  readonly signal: AbortSignal;
}

/**
 * `forbidden` is answered by 403, `not-found` by 404, a claims challenge by 401 (PROTOCOL 7.4), and too many requests by 429 with
 * `Retry-After` (PROTOCOL 3.6).
 */
export type Authorization = 'allow' | 'forbidden' | 'not-found' | Denial | ClaimsChallenge | TooManyRequests;

interface AuthorizedOptions<Native> extends AccessRequirements {
  /**
   * Decides on this request, for each connection. What it throws is answered by 500.
   * @default 'allow' for everybody who meets the requirements
   */
  readonly authorize?: (context: StreamContext<Native>) => Authorization | Promise<Authorization>;
}

export interface StreamOptions<Native = unknown> extends AuthorizedOptions<Native> {
  /**
   * What to send: 1 to `maxTopics` topics, decided again for each connection. An empty list or an invalid topic is answered by 404.
   */
  readonly topics:
    readonly string[] | ((context: StreamContext<Native>) => readonly string[] | Promise<readonly string[]>);
  /** The hub that has the topics. @default the endpoint's own hub */
  readonly hub?: Hub;
  /**
   * The state that the events change, for clients that do not have it: it opens a connection that begins without a position, and follows
   * a gap instead of a replay (PROTOCOL 5.5). What it throws ends the connection.
   * @default none: a stream of events only
   */
  readonly snapshot?: (context: StreamContext<Native>) => StreamSnapshot | Promise<StreamSnapshot>;
  /**
   * Whether an event is the last one: `complete` follows it, and the connection ends (PROTOCOL 6.2). Called for each event as it is sent,
   * and for the snapshot, which is also taken when a client resumes: past the last event, it gets `complete` at once. So it needs
   * `snapshot`. What it throws ends the connection.
   * @default no event is: the stream has no end
   *
   * @example completeAfter: ({ data }) => (JSON.parse(data) as Progress).status !== 'running'
   */
  readonly completeAfter?: (event: LogEntry) => boolean;
  /** @default ['GET'] */
  readonly methods?: readonly StreamMethod[];
}

/** What `snapshot` returns. */
export interface StreamSnapshot {
  /**
   * The position after which events are sent: `formatEventId(hub.position)`, read before the state. Change the state before you publish
   * the change: an event may then be sent although the snapshot has it, but none is missed. A snapshot that is the last event must be
   * taken after that event was published.
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
 * The events of a finite stream, usually an async generator. A source whose events have IDs can be resumed: it begins after
 * `context.lastEventId`.
 */
export type StreamSource<Native = unknown> = (context: StreamContext<Native>) => AsyncIterable<FiniteStreamEvent>;

/** `id`: any text by which the source finds its position, without CR, LF and NUL. Without IDs, an interrupted stream cannot be resumed. */
export type FiniteStreamEvent = OutgoingEvent & { readonly id?: string };

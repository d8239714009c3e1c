import { createAcceptance } from './acceptance.ts';
import type { Accepted } from './acceptance.ts';
import { createAccess, createTickets } from '../auth/index.ts';
import type {
  AccessRequirements,
  Admission,
  Identity,
  Ticket,
  TicketOptions,
  TokenTransport,
  TokenVerifier,
} from '../auth/index.ts';
import { checkBounds, ConfigurationError, systemClock } from '../core/index.ts';
import type { Clock } from '../core/index.ts';
import { createCors, INTERNAL_ERROR, unavailable, UNKNOWN_STREAM } from '../http/index.ts';
import type { CorsOptions, EndpointRequest, Exchange, Refusal } from '../http/index.ts';
import { draftEvent, isTopic } from '../events/index.ts';
import { writeFiniteStream } from './finite-stream.ts';
import type { Hub } from '../hub/index.ts';
import { createSession, createSessionRegistry } from '../sessions/index.ts';
import type { Session, SessionCloseReason, SessionCounts } from '../sessions/index.ts';
import type { RespondOptions, StreamOptions, StreamSource } from './stream-options.ts';

/** A session, as the hooks see it. */
export interface SessionSummary {
  readonly identity: Identity;
  /** `null` for a finite stream. */
  readonly topics: readonly string[] | null;
}

export interface StreamEndpointOptions {
  readonly hub: Hub;
  readonly verifier: TokenVerifier;
  /** Which other origins may call. @default none: pages of the server's own origin alone */
  readonly cors?: CorsOptions;
  /** How long a session may be silent before a heartbeat (PROTOCOL 4.4); `null` sends none. @default 15_000 */
  readonly heartbeatMs?: number | null;
  /** What may wait for a client before it is cut off (PROTOCOL 6.4). @default 1 MiB */
  readonly maxUnsentBytes?: number;
  /** How long a client may take nothing of what waits for it before it is cut off. @default 60_000 */
  readonly stallMs?: number;
  /** The largest data of a snapshot, or of one event of a finite stream, in UTF-8 bytes; the hub has its own bound. @default 1 MiB */
  readonly maxEventBytes?: number;
  /** How many topics one session may follow. @default 100 */
  readonly maxTopics?: number;
  /** Where a token may come from. `query` puts it in URLs: RFC 9700 4.3.2 forbids it. @default ['header'] */
  readonly tokenTransports?: readonly TokenTransport[];
  /** How tickets are kept, where `tokenTransports` has `ticket`. */
  readonly tickets?: TicketOptions;
  /** The realm of `WWW-Authenticate`. @default '' */
  readonly realm?: string;
  /** @default the system's */
  readonly clock?: Clock;
  /** Must not throw, as all hooks. */
  readonly onSessionOpened?: (session: SessionSummary) => void;
  readonly onSessionClosed?: (session: SessionSummary, reason: SessionCloseReason) => void;
  /** Told of every refusal; `cause` is why, for the server's own log. */
  readonly onRefused?: (refusal: Refusal, cause: unknown) => void;
  /** Told of what a callback, a source, the log or the verifier threw. @default console.error */
  readonly onError?: (error: unknown) => void;
}

export interface StreamEndpoint {
  /** Answers a request with a stream of topics, or refuses it (PROTOCOL 3, 7). Never rejects. */
  stream<Native>(exchange: Exchange<Native>, options: StreamOptions<Native>): Promise<void>;
  /** Answers a request with a finite stream (PROTOCOL 6.2, 6.3). Never rejects; resolves at its end. */
  respond<Native>(
    exchange: Exchange<Native>,
    options: RespondOptions<Native>,
    source: StreamSource<Native>,
  ): Promise<void>;
  /** The same check of a token, for routes that are no streams. Never rejects. */
  readonly authenticate: (request: EndpointRequest, requirements?: AccessRequirements) => Promise<Admission>;
  /**
   * Gives a ticket for the stream at `path` to whoever has authenticated (PROTOCOL 2.5).
   *
   * @throws ConfigurationError where `tokenTransports` has no `ticket`.
   */
  issueTicket(identity: Identity, path: string): Ticket;
  /** Ends the sessions of a user, by `Identity.key`, or those that a predicate picks (PROTOCOL 6.5). Answers how many. */
  revoke(who: string | ((identity: Identity) => boolean)): number;
  /** The open sessions, at this moment. */
  readonly sessions: SessionCounts;
  /** Ends every session, and answers what comes after with 503. */
  close(): void;
}

const BUSY_RETRY_SECONDS = 5;

/**
 * Creates what turns requests into authorised sessions.
 *
 * @throws ConfigurationError for `*` among the origins, or a bound out of range.
 *
 * @example createStreamEndpoint({ hub, verifier, cors: { origins: ['https://app.example'] } })
 */
export function createStreamEndpoint(options: StreamEndpointOptions): StreamEndpoint {
  const { hub: defaultHub, verifier, realm = '', tokenTransports = ['header'], clock = systemClock } = options;
  const { heartbeatMs = 15_000, stallMs = 60_000, maxTopics = 100 } = options;
  const { maxUnsentBytes = 2 ** 20, maxEventBytes = 2 ** 20 } = options;
  const { onSessionOpened, onSessionClosed, onRefused, onError = (error) => console.error(error) } = options;
  checkBounds({ heartbeatMs: heartbeatMs ?? 1, stallMs, maxTopics, maxUnsentBytes, maxEventBytes });
  const registry = createSessionRegistry({ clock, heartbeatMs, stallMs });
  const tickets = tokenTransports.includes('ticket') ? createTickets({ ...options.tickets, clock }) : undefined;
  const access = createAccess({ verifier, realm, tokenTransports, tickets });
  const acceptance = createAcceptance({
    access,
    cors: createCors(options.cors ?? { origins: [] }),
    onRefused(refusal, cause) {
      onRefused?.(refusal, cause);
      if (refusal.status === 500) onError(cause);
    },
  });
  let isClosed = false;

  /** Opens the session, or answers why there is none. Synchronous: nothing can come between the checks and the session. */
  function open<Native>(
    { transport }: Exchange<Native>,
    accepted: Accepted<Native>,
    topics: readonly string[] | null,
  ): Session | undefined {
    const { identity, controller, corsHeaders } = accepted;
    const state = accepted.settle();
    if (state === 'left') return undefined;
    if (isClosed) accepted.refuse(unavailable('server-closing', 'The server is stopping.', 1));
    // The client asks again, and then learns why (PROTOCOL 6.5).
    else if (state === 'revoked') accepted.refuse(unavailable('revoked', 'Access has just changed.', 1));
    if (isClosed || state === 'revoked') return undefined;
    const summary = { identity, topics };
    const session: Session = createSession({
      transport,
      clock,
      identity,
      controller,
      deadlineMs: identity.sessionDeadlineMs ?? identity.expiresAtMs,
      maxUnsentBytes,
      onClosed(reason, cause) {
        registry.delete(session);
        onSessionClosed?.(summary, reason);
        if (cause !== undefined) onError(cause);
      },
    });
    registry.add(session);
    transport.start(200, { ...streamHeaders(heartbeatMs), ...corsHeaders });
    onSessionOpened?.(summary);
    return session;
  }

  async function stream<Native>(exchange: Exchange<Native>, streamOptions: StreamOptions<Native>): Promise<void> {
    const { topics: wanted, methods = ['GET'], hub = defaultHub, snapshot, completeAfter } = streamOptions;
    const accepted = await acceptance.accept(exchange, { ...streamOptions, methods });
    if (accepted === undefined) return;
    let topics: readonly string[];
    try {
      if (completeAfter !== undefined && snapshot === undefined) {
        throw new ConfigurationError(
          'completeAfter needs snapshot: a client that comes after the end gets it from there.',
        );
      }
      topics = [...(typeof wanted === 'function' ? await wanted(accepted.context) : wanted)];
    } catch (error) {
      accepted.refuse(INTERNAL_ERROR, error);
      return;
    }
    if (topics.length === 0 || topics.length > maxTopics || !topics.every(isTopic)) {
      accepted.refuse(UNKNOWN_STREAM);
      return;
    }
    try {
      await hub.ready();
    } catch (error) {
      onError(error);
      accepted.refuse(unavailable('log-unavailable', 'The event log cannot be read now.', BUSY_RETRY_SECONDS));
      return;
    }
    const session = open(exchange, accepted, topics);
    if (session === undefined) return;
    try {
      hub.subscribe({
        topics,
        lastEventId: accepted.context.lastEventId,
        sink: session,
        completeAfter,
        snapshot:
          snapshot &&
          (async () => {
            const { after, event } = await snapshot(accepted.context);
            return { after, event: draftEvent(event, maxEventBytes) };
          }),
      });
    } catch (error) {
      // The hub was closed under the endpoint.
      session.close('failed', error);
    }
  }

  async function respond<Native>(
    exchange: Exchange<Native>,
    respondOptions: RespondOptions<Native>,
    source: StreamSource<Native>,
  ): Promise<void> {
    const { methods = ['GET', 'POST'] } = respondOptions;
    const accepted = await acceptance.accept(exchange, { ...respondOptions, methods });
    if (accepted === undefined) return;
    const session = open(exchange, accepted, null);
    if (session !== undefined) await writeFiniteStream(session, () => source(accepted.context), maxEventBytes);
  }

  return {
    stream,
    respond,
    authenticate: (request, requirements = {}) => access.admit(request, requirements),
    issueTicket(identity, path) {
      if (tickets !== undefined) return tickets.issue(identity, path);
      throw new ConfigurationError("tokenTransports has no 'ticket': add it to give tickets out.");
    },
    revoke(who) {
      const isMeant = typeof who === 'string' ? (identity: Identity) => identity.key === who : who;
      acceptance.revoke(isMeant);
      return registry.close('revoked', isMeant);
    },
    get sessions() {
      return registry.counts();
    },
    close() {
      isClosed = true;
      registry.close('server-closing', () => true);
    },
  };
}

/** PROTOCOL 3.1, 3.2. */
function streamHeaders(heartbeatMs: number | null): Record<string, string> {
  return {
    'Content-Type': 'text/event-stream',
    'Cache-Control': 'no-store, no-transform',
    'X-Accel-Buffering': 'no',
    ...(heartbeatMs === null ? {} : { 'Sillage-Heartbeat-Ms': String(heartbeatMs) }),
  };
}

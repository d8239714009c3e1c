import { createAccess, createTickets, tokenEndMs } from '../auth/index.ts';
import type {
  AccessRequirements,
  Admission,
  Identity,
  Ticket,
  TicketOptions,
  TokenTransport,
  TokenVerifier,
} from '../auth/index.ts';
import {
  callHook,
  checkBounds,
  ConfigurationError,
  createPacer,
  createReporter,
  scheduleTask,
  systemClock,
  within,
} from '../core/index.ts';
import type { Clock } from '../core/index.ts';
import { draftEvent, heartbeat, isTopic } from '../events/index.ts';
import { createCors, unavailable, unknownStream } from '../http/index.ts';
import type { CorsOptions, EndpointRequest, Exchange, Refusal, TooManyRequests } from '../http/index.ts';
import type { Hub } from '../hub/index.ts';
import { createSessionRegistry, Session } from '../sessions/index.ts';
import type { DrainOptions, SessionCloseReason, SessionCounts, SessionHost } from '../sessions/index.ts';
import { createAcceptance } from './acceptance.ts';
import type { ConnectionAttempt, Opening, Preparation } from './acceptance.ts';
import { Carrier } from './carrier.ts';
import { writeFiniteStream } from './finite-stream.ts';
import { bodyTooLarge, carryStreams, malformedSet, maxBodyBytes, readWantedStreams } from './multiplex.ts';
import type { MultiplexOptions, WantedStream } from './multiplex.ts';
import { createRevocations } from './revocations.ts';
import type { RespondOptions, StreamContext, StreamOptions, StreamSource } from './stream-options.ts';

/** A session, as the hooks see it. */
export interface SessionSummary {
  readonly identity: Identity;
  /** `null` for a finite stream; empty for a connection that carries several streams, each of which is a session too. */
  readonly topics: readonly string[] | null;
}

export interface StreamEndpointOptions {
  readonly hub: Hub;
  readonly verifier: TokenVerifier;
  /** Which other origins may call. @default none: only pages of the server's own origin */
  readonly cors?: CorsOptions;
  /** How long a session may be silent before a heartbeat (PROTOCOL 4.4). `null` sends none: never set it behind a proxy. @default 15_000 */
  readonly heartbeatMs?: number | null;
  /**
   * How many bytes may wait for a client before it gets no more live events. Once it has taken them, it reads on from the log at its own
   * pace (PROTOCOL 6.4). @default 1 MiB
   */
  readonly maxUnsentBytes?: number;
  /** How long a client may take nothing of what waits for it before it is disconnected (PROTOCOL 6.4). @default 60_000 */
  readonly stallMs?: number;
  /**
   * How long a session may last, even if its token lasts longer (PROTOCOL 6.1). The client reconnects, and with it moves to whatever
   * server the load balancer chooses. @default no limit but the token's
   */
  readonly maxSessionMs?: number;
  /** The largest data of a snapshot or of an event of a finite stream, in UTF-8 bytes. The hub has its own limit. @default 1 MiB */
  readonly maxEventBytes?: number;
  /** How many topics one session may follow. @default 100 */
  readonly maxTopics?: number;
  /** Where a token may come from. `query` puts it into URLs, which RFC 9700 4.3.2 forbids. @default ['header'] */
  readonly tokenTransports?: readonly TokenTransport[];
  /** Limits of tickets, if `tokenTransports` has `ticket`. */
  readonly tickets?: TicketOptions;
  /** The realm of `WWW-Authenticate`. @default '' */
  readonly realm?: string;
  /**
   * How long this node may not hear from its log before it answers new requests with 503: it would send them nothing, and would not hear of users
   * whose access was revoked on other nodes. `Infinity` for no limit. @default 10_000
   */
  readonly maxHubSilenceMs?: number;
  /**
   * Decides whether a user may connect so often; `createLimits` of `@sillage/server/operations` makes one. Called for each request with a valid token,
   * before `authorize`. What it throws is answered by 500.
   */
  readonly limit?: (attempt: ConnectionAttempt) => Promise<'allow' | TooManyRequests>;
  /** @default the system's */
  readonly clock?: Clock;
  /** What this and the other hooks throw is given to `onError`, and changes nothing else. */
  readonly onSessionOpened?: (session: SessionSummary) => void;
  readonly onSessionClosed?: (session: SessionSummary, reason: SessionCloseReason) => void;
  /** Called for every refusal. `cause` is the reason, for the server's own log. */
  readonly onRefused?: (refusal: Refusal, cause: unknown) => void;
  /** Called with what a callback, a hook, a source, the log or the verifier threw. @default console.error */
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
  /**
   * Answers a request with one connection that carries several streams (PROTOCOL 10). `createStreams` uses it. Never rejects.
   */
  multiplex<Native>(exchange: Exchange<Native>, options: MultiplexOptions<Native>): Promise<void>;
  /** Checks the token of an ordinary route in the same way. Accepts no tickets. Never rejects. */
  readonly authenticate: (request: EndpointRequest, requirements?: AccessRequirements) => Promise<Admission>;
  /**
   * Gives an authenticated user a ticket for the stream at `path` (PROTOCOL 2.5).
   *
   * @throws TicketRefusedError for an invalid path, an expired token, or too many tickets.
   * @throws ConfigurationError if `tokenTransports` has no `ticket`.
   */
  issueTicket(identity: Identity, path: string): Ticket;
  /**
   * Ends the sessions of a user, by `Identity.key`, and voids their tickets (PROTOCOL 6.5): here at once, and on every other node that shares the
   * hub's log as soon as it reads on. With a predicate on identities, only here. Resolves with how many sessions it ended here, once the log
   * has stored it for the others.
   *
   * @throws what the log rejects with: then the user's sessions have ended here only. Call it again.
   */
  revoke(who: string | ((identity: Identity) => boolean)): Promise<number>;
  /** The open sessions, at this moment. */
  readonly sessions: SessionCounts;
  /** Whether it takes new sessions: not after {@link drain} or {@link close} was called. */
  readonly isOpen: boolean;
  /**
   * Empties the server before it shuts down (PROTOCOL 9.7): answers new requests with 503, asks every client to continue on another connection,
   * which a load balancer gives to another server, and at the end of the window ends the sessions that are left. Resolves when none is left.
   * A second call waits for the first one.
   *
   * @throws ConfigurationError (as a rejection) for a time that is not a whole number of at least 1.
   */
  drain(options?: DrainOptions): Promise<void>;
  /** Ends all sessions, and answers later requests with 503. */
  close(): void;
}

const busyRetrySeconds = 5;
/** How long the body of a multiplexed request may take. */
const bodyTimeoutMs = 10_000;
/** How many requests are judged in one turn of the event loop: a few milliseconds of it. */
const maxOpeningsPerTurn = 32;

/**
 * Creates an endpoint, which turns requests into authorised sessions.
 *
 * @throws ConfigurationError for `*` among the origins, or a limit that is not a whole number of at least 1.
 *
 * @example createStreamEndpoint({ hub, verifier, cors: { origins: ['https://app.example'] } })
 */
export function createStreamEndpoint(options: StreamEndpointOptions): StreamEndpoint {
  const { hub: defaultHub, verifier, realm = '', tokenTransports = ['header'], clock = systemClock } = options;
  const { heartbeatMs = 15_000, stallMs = 60_000, maxSessionMs, maxTopics = 100 } = options;
  const { maxUnsentBytes = 2 ** 20, maxEventBytes = 2 ** 20, maxHubSilenceMs = 10_000 } = options;
  const { onSessionOpened, onSessionClosed, onRefused, onError = (error) => console.error(error) } = options;
  checkBounds({ heartbeatMs: heartbeatMs ?? 1, stallMs, maxSessionMs: maxSessionMs ?? 1 });
  checkBounds({ maxTopics, maxUnsentBytes, maxEventBytes });
  if (maxHubSilenceMs !== Infinity) checkBounds({ maxHubSilenceMs });
  const report = createReporter(onError);
  const registry = createSessionRegistry({ clock, heartbeatMs: heartbeatMs ?? undefined, stallMs });
  const tickets = tokenTransports.includes('ticket') ? createTickets({ ...options.tickets, clock }) : undefined;
  const access = createAccess({ verifier, realm, tokenTransports, tickets });
  const headers = streamHeaders(heartbeatMs);
  const host: SessionHost = {
    clock,
    maxUnsentBytes,
    onClosed(session, reason, cause) {
      registry.delete(session);
      callHook(onSessionClosed, report, summarise(session), reason);
      if (cause !== undefined) report(cause);
    },
  };
  const acceptance = createAcceptance({
    access,
    realm,
    clock,
    pacer: createPacer({ schedule: scheduleTask, maxStepsPerTurn: maxOpeningsPerTurn, maxBytesPerTurn: Infinity }),
    cors: createCors(options.cors ?? { origins: [] }),
    limit: options.limit,
    open,
    onRefused(refusal, cause) {
      callHook(onRefused, report, refusal, cause);
      if (cause !== undefined && refusal.status >= 500 && refusal.code !== 'keys-unavailable') report(cause);
    },
  });

  const revocations = createRevocations({
    signals: defaultHub.signals,
    revokeHere(isMeant) {
      acceptance.revoke(isMeant);
      tickets?.revoke(isMeant);
      return registry.close('revoked', isMeant);
    },
  });
  let draining: Promise<void> | undefined;

  async function drain({ windowMs = 20_000, maxRetryMs = 5_000, random = Math.random }: DrainOptions): Promise<void> {
    checkBounds({ windowMs, maxRetryMs });
    acceptance.close();
    await registry.drain({ windowMs, maxRetryMs, random });
  }

  function open({ transport, identity, topics, cancellation, corsHeaders }: Opening): Session {
    const tokenMs = tokenEndMs(identity);
    const maxDurationMs = maxSessionMs ?? Infinity;
    const session = new Session({
      host,
      transport,
      identity,
      topics,
      cancellation,
      tokenEndMs: tokenMs,
      maxDurationMs,
    });
    registry.add(session);
    const sessionMs = Math.min(tokenMs - clock.now(), maxDurationMs);
    // With a first byte: some proxies and browsers keep the head of a response back until there is one (PROTOCOL 3.7).
    session.start(200, { ...headers, ...announceEnd(sessionMs), ...corsHeaders }, heartbeat);
    callHook(onSessionOpened, report, summarise(session));
    return session;
  }

  async function prepareTopics<Native>(
    { topics: wanted, hub = defaultHub, snapshot, completeAfter }: StreamOptions<Native>,
    context: StreamContext<Native>,
  ): Promise<Preparation> {
    if (completeAfter !== undefined && snapshot === undefined) {
      throw new ConfigurationError(
        'The stream has completeAfter without snapshot. Add a snapshot: a client that connects after the end gets it from there.',
      );
    }
    const topics = [...(typeof wanted === 'function' ? await wanted(context) : wanted)];
    if (topics.length === 0 || topics.length > maxTopics || !topics.every(isTopic)) {
      return { outcome: 'refused', refusal: unknownStream };
    }
    const refusal = unavailable('log-unavailable', 'The event log cannot be read now.', busyRetrySeconds);
    try {
      await hub.ready();
    } catch (cause) {
      return { outcome: 'refused', refusal, cause };
    }
    if (hub.silenceMs > maxHubSilenceMs) return { outcome: 'refused', refusal };
    return { outcome: 'prepared', topics };
  }

  async function stream<Native>(exchange: Exchange<Native>, streamOptions: StreamOptions<Native>): Promise<void> {
    const { methods = ['GET'], hub = defaultHub, snapshot, completeAfter } = streamOptions;
    const accepted = await acceptance.accept(exchange, {
      ...streamOptions,
      methods,
      prepare: (context) => prepareTopics(streamOptions, context),
    });
    if (accepted === undefined) return;
    const { session, topics = [], context } = accepted;
    try {
      hub.subscribe({
        topics,
        lastEventId: context.lastEventId,
        sink: session,
        completeAfter,
        snapshot:
          snapshot &&
          (async () => {
            const { after, event } = await snapshot(context);
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
    const { methods = ['GET', 'POST'], end = 'complete' } = respondOptions;
    const accepted = await acceptance.accept(exchange, {
      ...respondOptions,
      methods,
      prepare: () => Promise.resolve({ outcome: 'prepared', topics: undefined }),
    });
    if (accepted === undefined) return;
    const { session, context } = accepted;
    await writeFiniteStream(session, () => source(context), { maxEventBytes, end });
  }

  async function multiplex<Native>(
    exchange: Exchange<Native>,
    { maxStreams = 100, prefix, handle, ...requirements }: MultiplexOptions<Native>,
  ): Promise<void> {
    checkBounds({ maxStreams });
    let wanted: readonly WantedStream[] = [];
    const accepted = await acceptance.accept(exchange, {
      ...requirements,
      methods: ['POST', 'QUERY'],
      async prepare() {
        const body = await within(bodyTimeoutMs, exchange.readJson?.(maxBodyBytes), clock);
        if (body === 'too-large') return { outcome: 'refused', refusal: bodyTooLarge };
        const streams = readWantedStreams(body, maxStreams);
        if (streams === undefined) return { outcome: 'refused', refusal: malformedSet };
        wanted = streams;
        return { outcome: 'prepared', topics: [] };
      },
    });
    if (accepted !== undefined) carryStreams(new Carrier(accepted.session), exchange, wanted, prefix, handle);
  }

  return {
    stream,
    respond,
    multiplex,
    authenticate: (request, requirements = {}) => access.admit(request, requirements, 'route'),
    issueTicket(identity, path) {
      if (tickets !== undefined) return tickets.issue(identity, path);
      throw new ConfigurationError("tokenTransports has no 'ticket'. Add it, so that tickets can be used.");
    },
    revoke: (who) => revocations.revoke(who),
    get sessions() {
      return registry.counts();
    },
    get isOpen() {
      return acceptance.isOpen;
    },
    drain: (drainOptions = {}) => (draining ??= drain(drainOptions)),
    close() {
      revocations.stop();
      acceptance.close();
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

/** PROTOCOL 3.8: a whole number of at least 1; nothing if the session has no end. */
function announceEnd(sessionMs: number): Record<string, string> {
  if (!Number.isFinite(sessionMs)) return {};
  return { 'Sillage-Session-Ms': String(Math.max(1, Math.floor(sessionMs))) };
}

function summarise({ identity, topics }: Session): SessionSummary {
  return { identity, topics: topics ?? null };
}

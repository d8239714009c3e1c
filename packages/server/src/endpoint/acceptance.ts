import { expiredMeanwhile, tokenEndMs } from '../auth/index.ts';
import type { Access, AccessRequirements, Identity } from '../auth/index.ts';
import { LazyAbort } from '../core/index.ts';
import type { Clock, Pacer } from '../core/index.ts';
import {
  denied,
  forbidden,
  internalError,
  methodNotAllowed,
  originNotAllowed,
  sendRefusal,
  tooManyRequests,
  unavailable,
  unknownStream,
} from '../http/index.ts';
import type {
  CorsDecision,
  CorsRequest,
  EndpointRequest,
  Exchange,
  Refusal,
  SessionTransport,
  TooManyRequests,
} from '../http/index.ts';
import { completeId } from '../hub/index.ts';
import type { Session } from '../sessions/index.ts';
import type { Authorization, StreamContext } from './stream-options.ts';

/** A request that passed all checks, and becomes a session. */
export interface Opening {
  readonly transport: SessionTransport;
  readonly identity: Identity;
  readonly topics: readonly string[] | undefined;
  readonly cancellation: LazyAbort;
  readonly corsHeaders: Readonly<Record<string, string>>;
}

/** A request for a stream by a user whose token is valid. */
export interface ConnectionAttempt {
  readonly identity: Identity;
  readonly request: EndpointRequest;
  /** The framework's own request. */
  readonly native: unknown;
}

export interface AcceptanceOptions {
  readonly access: Access;
  /** The realm of `WWW-Authenticate`. */
  readonly realm: string;
  readonly clock: Clock;
  /** When a thousand clients reconnect at once, their requests take turns of the event loop. */
  readonly pacer: Pacer;
  readonly cors: (request: CorsRequest, methods: readonly string[]) => CorsDecision;
  /** Decides whether a user may connect so often. */
  readonly limit: ((attempt: ConnectionAttempt) => Promise<'allow' | TooManyRequests>) | undefined;
  /** Opens the session. Synchronous: nothing can come between the last check and the session. */
  readonly open: (opening: Opening) => Session;
  /** Must not throw. */
  readonly onRefused: (refusal: Refusal, cause: unknown) => void;
}

/** What a stream has found out before its session opens: what it sends, or why it is refused. */
export type Preparation =
  | { readonly outcome: 'prepared'; readonly topics: readonly string[] | undefined }
  | { readonly outcome: 'refused'; readonly refusal: Refusal; readonly cause?: unknown };

interface AcceptanceRequest<Native> extends AccessRequirements {
  readonly methods: readonly string[];
  readonly authorize?: (context: StreamContext<Native>) => Authorization | Promise<Authorization>;
  readonly prepare: (context: StreamContext<Native>) => Promise<Preparation>;
}

/** An open session, and what the application's callbacks get about it. */
interface Accepted<Native> {
  readonly session: Session;
  readonly topics: readonly string[] | undefined;
  readonly context: StreamContext<Native>;
}

export interface Acceptance {
  /**
   * Takes a request to an open session. `undefined` if it has been answered otherwise (with a refusal, a preflight's answer or 204), or
   * if the client has left. Never rejects.
   */
  accept<Native>(exchange: Exchange<Native>, request: AcceptanceRequest<Native>): Promise<Accepted<Native> | undefined>;
  /** Marks the requests in progress: what `authorize` has read may be out of date. */
  revoke(isMeant: (identity: Identity) => boolean): void;
  /** Whether requests become sessions. */
  readonly isOpen: boolean;
  /** Answers the requests in progress, and those to come, with 503. */
  close(): void;
}

/** A request between its head and its session. */
interface Pending {
  readonly cancellation: LazyAbort;
  identity?: Identity;
  isRevoked: boolean;
}

/** What becomes of a request. */
type Outcome<Native> =
  | { readonly kind: 'refused'; readonly refusal: Refusal; readonly cause?: unknown }
  /** 204: a preflight, or a client that has had everything (PROTOCOL 3.3). */
  | { readonly kind: 'empty' }
  | { readonly kind: 'left' }
  | {
      readonly kind: 'ready';
      readonly identity: Identity;
      readonly topics: readonly string[] | undefined;
      readonly context: StreamContext<Native>;
    };

/**
 * Takes requests from their head to an open session, one check after the other. It watches for the client's leaving before its first
 * await: a listener that is attached later misses a client that has disconnected by then, and the session would never end.
 */
export function createAcceptance(options: AcceptanceOptions): Acceptance {
  const { access, realm, clock, pacer, cors, limit, open, onRefused } = options;
  const inProgress = new Set<Pending>();
  let isClosed = false;

  async function accept<Native>(
    exchange: Exchange<Native>,
    wanted: AcceptanceRequest<Native>,
  ): Promise<Accepted<Native> | undefined> {
    const { request, transport } = exchange;
    const { headers: corsHeaders, ...decision } = cors(request, wanted.methods);
    const cancellation = new LazyAbort();
    let outcome: Outcome<Native> | undefined = judgeHead(request, decision, wanted.methods);
    if (outcome === undefined) {
      const pending = begin(transport, cancellation);
      outcome = await check(exchange, wanted, pending);
      // No await from here on: nothing can come between the last checks and the session.
      inProgress.delete(pending);
      transport.watch(undefined);
      outcome = checkAgain(outcome, pending, transport);
    }
    switch (outcome.kind) {
      case 'refused':
        sendRefusal(transport, outcome.refusal, corsHeaders);
        onRefused(outcome.refusal, outcome.cause);
        return undefined;
      case 'empty':
        transport.start(204, { 'Cache-Control': 'no-store', ...corsHeaders });
        transport.end();
        return undefined;
      case 'left':
        return undefined;
      case 'ready': {
        const { identity, topics, context } = outcome;
        return { session: open({ transport, identity, topics, cancellation, corsHeaders }), topics, context };
      }
    }
  }

  function begin(transport: SessionTransport, cancellation: LazyAbort): Pending {
    const pending: Pending = { cancellation, isRevoked: false };
    inProgress.add(pending);
    transport.watch({ onClose: () => cancellation.abort(), onDrain: () => undefined });
    return pending;
  }

  async function check<Native>(
    { request, native }: Exchange<Native>,
    { authorize, prepare, ...requirements }: AcceptanceRequest<Native>,
    pending: Pending,
  ): Promise<Outcome<Native>> {
    try {
      await pacer.turn();
      const admission = await access.admit(request, requirements, 'stream');
      if (admission.outcome === 'refused') return { kind: 'refused', ...admission };
      const { identity } = admission;
      pending.identity = identity;
      const limited = (await limit?.({ identity, request, native })) ?? 'allow';
      if (limited !== 'allow') return { kind: 'refused', refusal: tooManyRequests(limited.retryAfterMs) };
      const context = createContext(identity, request, native, pending.cancellation);
      const refusal = judge(authorize === undefined ? 'allow' : await authorize(context), identity);
      if (refusal !== undefined) return { kind: 'refused', refusal };
      if (context.lastEventId === completeId) return { kind: 'empty' };
      const preparation = await prepare(context);
      if (preparation.outcome === 'refused') return { kind: 'refused', ...preparation };
      return { kind: 'ready', identity, topics: preparation.topics, context };
    } catch (cause) {
      return { kind: 'refused', refusal: internalError, cause };
    }
  }

  /** What may have changed while the checks waited. */
  function checkAgain<Native>(
    outcome: Outcome<Native>,
    { cancellation, isRevoked }: Pending,
    transport: SessionTransport,
  ): Outcome<Native> {
    if (outcome.kind === 'refused') return outcome;
    if (cancellation.isAborted || transport.isClosed) return { kind: 'left' };
    if (outcome.kind !== 'ready') return outcome;
    if (isClosed) return refused(unavailable('server-closing', 'The server is shutting down.', 1));
    // The client asks again, and then learns why (PROTOCOL 6.5).
    if (isRevoked) return refused(unavailable('revoked', 'Access has just changed.', 1));
    return tokenEndMs(outcome.identity) > clock.now() ? outcome : refused(expiredMeanwhile(realm));
  }

  function judge(authorization: Authorization, identity: Identity): Refusal | undefined {
    if (authorization === 'allow') return undefined;
    if (authorization === 'not-found') return unknownStream;
    // An untyped caller may return anything: whatever it is, it is not a permission.
    if (typeof authorization !== 'object' || (authorization as unknown) === null) return forbidden;
    if (authorization.kind === 'too-many-requests') return tooManyRequests(authorization.retryAfterMs);
    if (authorization.kind === 'claims-challenge') return access.challenge(identity, authorization);
    return denied(authorization);
  }

  return {
    accept,
    revoke(isMeant) {
      for (const pending of inProgress) {
        if (pending.identity !== undefined && isMeant(pending.identity)) pending.isRevoked = true;
      }
    },
    get isOpen() {
      return !isClosed;
    },
    close() {
      isClosed = true;
    },
  };
}

function createContext<Native>(
  identity: Identity,
  request: EndpointRequest,
  native: Native,
  cancellation: LazyAbort,
): StreamContext<Native> {
  return {
    identity,
    request: native,
    get query() {
      return request.query;
    },
    lastEventId: readLastEventId(request),
    get signal() {
      return cancellation.signal;
    },
  };
}

function refused(refusal: Refusal): { readonly kind: 'refused'; readonly refusal: Refusal } {
  return { kind: 'refused', refusal };
}

/** `undefined` if the request may go on. */
function judgeHead(
  request: EndpointRequest,
  decision: Pick<CorsDecision, 'kind'> & { readonly status?: number },
  methods: readonly string[],
): Outcome<never> | undefined {
  if (decision.kind === 'preflight') return decision.status === 403 ? refused(originNotAllowed) : { kind: 'empty' };
  if (methods.some((method) => method === request.method)) return undefined;
  return refused(methodNotAllowed([...methods, 'OPTIONS']));
}

/**
 * The last event ID in UTF-8 (PROTOCOL 2.3): HTTP stacks give a header as one character per byte. An empty one says that there is none.
 * Clients that cannot send the header put it into the query; the header is newer, as the URL stays the same over reconnections.
 */
function readLastEventId(request: EndpointRequest): string | undefined {
  const header = request.header('last-event-id') ?? '';
  if (header !== '') return new TextDecoder().decode(Uint8Array.from(header, (character) => character.charCodeAt(0)));
  const inQuery = request.query.get('lastEventId') ?? '';
  return inQuery === '' ? undefined : inQuery;
}

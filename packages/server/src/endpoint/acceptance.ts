import type { Access, AccessRequirements, Identity } from '../auth/index.ts';
import {
  denied,
  FORBIDDEN,
  INTERNAL_ERROR,
  methodNotAllowed,
  ORIGIN_NOT_ALLOWED,
  sendRefusal,
  tooManyRequests,
  UNKNOWN_STREAM,
} from '../http/index.ts';
import type { CorsDecision, CorsRequest, EndpointRequest, Exchange, Refusal } from '../http/index.ts';
import type { Authorization, StreamContext, StreamMethod } from './stream-options.ts';

export interface AcceptanceOptions {
  readonly access: Access;
  readonly cors: (request: CorsRequest, methods: readonly string[]) => CorsDecision;
  readonly onRefused: (refusal: Refusal, cause: unknown) => void;
}

interface AcceptanceRequest<Native> extends AccessRequirements {
  readonly methods: readonly StreamMethod[];
  readonly authorize?: (context: StreamContext<Native>) => Authorization | Promise<Authorization>;
}

/** A request that may become a session. */
export interface Accepted<Native> {
  readonly identity: Identity;
  readonly context: StreamContext<Native>;
  /** Aborted when the client leaves; handed on to the session. */
  readonly controller: AbortController;
  readonly corsHeaders: Readonly<Record<string, string>>;
  refuse(refusal: Refusal, cause?: unknown): void;
  /**
   * Gives the reins to the session. Answers why there is to be none: the client has left, or its access was withdrawn meanwhile.
   */
  settle(): 'go-on' | 'left' | 'revoked';
}

export interface Acceptance {
  /** Answers a request with a refusal, or a preflight; or accepts it. Never rejects. */
  accept<Native>(exchange: Exchange<Native>, request: AcceptanceRequest<Native>): Promise<Accepted<Native> | undefined>;
  /** Marks those that are on their way: what `authorize` has read may be out of date. */
  revoke(isMeant: (identity: Identity) => boolean): void;
  /** How many requests are on their way. */
  readonly pendingCount: number;
}

interface Pending {
  identity?: Identity;
  isRevoked: boolean;
}

/**
 * Takes a request from its head to an authorised identity. It listens for the client's leaving before its first await: a listener that
 * is attached later misses a client that has left by then, and the session would never end.
 */
export function createAcceptance({ access, cors, onRefused }: AcceptanceOptions): Acceptance {
  const onTheirWay = new Set<Pending>();

  async function accept<Native>(
    exchange: Exchange<Native>,
    options: AcceptanceRequest<Native>,
  ): Promise<Accepted<Native> | undefined> {
    const { request, native, transport } = exchange;
    const { methods, authorize } = options;
    const decision = cors(request, methods);
    const corsHeaders = decision.headers;
    const refuse = (refusal: Refusal, cause?: unknown): void => {
      sendRefusal(transport, refusal, corsHeaders);
      onRefused(refusal, cause);
    };
    if (decision.kind === 'preflight') {
      if (decision.status === 403) refuse(ORIGIN_NOT_ALLOWED);
      else {
        transport.start(204, corsHeaders);
        transport.end();
      }
      return undefined;
    }
    if (!methods.some((method) => method === request.method)) {
      refuse(methodNotAllowed([...methods, 'OPTIONS']));
      return undefined;
    }

    const controller = new AbortController();
    const pending: Pending = { isRevoked: false };
    const stopWatching = transport.onClose(() => {
      onTheirWay.delete(pending);
      controller.abort();
    });
    const forget = (): void => {
      onTheirWay.delete(pending);
      stopWatching();
    };
    onTheirWay.add(pending);
    try {
      const admission = await access.admit(request, options);
      if (admission.outcome === 'refused') {
        forget();
        refuse(admission.refusal, admission.cause);
        return undefined;
      }
      const { identity } = admission;
      pending.identity = identity;
      const context = {
        identity,
        request: native,
        query: request.query,
        lastEventId: readLastEventId(request),
        signal: controller.signal,
      };
      const refusal = judge(authorize === undefined ? 'allow' : await authorize(context), identity);
      if (refusal !== undefined) {
        forget();
        refuse(refusal);
        return undefined;
      }
      return {
        identity,
        context,
        controller,
        corsHeaders,
        refuse(later, cause) {
          forget();
          refuse(later, cause);
        },
        settle() {
          forget();
          if (transport.isClosed || controller.signal.aborted) return 'left';
          return pending.isRevoked ? 'revoked' : 'go-on';
        },
      };
    } catch (error) {
      forget();
      refuse(INTERNAL_ERROR, error);
      return undefined;
    }
  }

  function judge(authorization: Authorization, identity: Identity): Refusal | undefined {
    if (authorization === 'allow') return undefined;
    if (authorization === 'not-found') return UNKNOWN_STREAM;
    if (typeof authorization === 'object') {
      if (authorization.kind === 'too-many-requests') return tooManyRequests(authorization.retryAfterMs);
      if (authorization.kind === 'claims-challenge') return access.challenge(identity, authorization);
      return denied(authorization);
    }
    // Whatever else an untyped caller may answer, it is no permission.
    return FORBIDDEN;
  }

  return {
    accept,
    revoke(isMeant) {
      for (const pending of onTheirWay) {
        if (pending.identity !== undefined && isMeant(pending.identity)) pending.isRevoked = true;
      }
    },
    get pendingCount() {
      return onTheirWay.size;
    },
  };
}

/** The ID in UTF-8 (PROTOCOL 2.3): HTTP stacks give a header as one character a byte. An empty one says that there is none. */
function readLastEventId(request: EndpointRequest): string | undefined {
  const header = request.header('last-event-id');
  if (header === undefined || header === '') return undefined;
  return new TextDecoder().decode(Uint8Array.from(header, (character) => character.charCodeAt(0)));
}

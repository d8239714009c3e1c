import { createAccess } from '../auth/index.ts';
import type { Identity, TokenVerifier } from '../auth/index.ts';
import { callHook, checkBounds, createReporter, isErrorNamed, sha256, systemClock, within } from '../core/index.ts';
import type { Clock } from '../core/index.ts';
import { internalError, methodNotAllowed, sendRefusal, tooManyRequests, unavailable } from '../http/index.ts';
import type { Exchange, Refusal, TooManyRequests } from '../http/index.ts';
import type { Hub } from '../hub/index.ts';
import type { ConnectionAttempt } from './acceptance.ts';
import { readPublication, refuseEvent } from './publication.ts';
import type { Publication } from './publication.ts';
import { compileGrants } from './topic-grants.ts';
import type { TopicGrants } from './topic-grants.ts';

export interface PublishEndpointOptions {
  readonly hub: Hub;
  readonly verifier: TokenVerifier;
  /** Which app role may publish to which topics. Only applications may, by tokens of the client credentials flow. */
  readonly grants: TopicGrants;
  /** How many events a request may have. @default 100 */
  readonly maxEvents?: number;
  /** The largest body, in bytes. The hub limits each event too. @default 1 MiB */
  readonly maxBodyBytes?: number;
  /**
   * Decides whether an application may publish so often; `createLimits` of `@sillage/server/operations` makes one. Called for each request with a
   * valid token. What it throws is answered by 500.
   */
  readonly limit?: (attempt: ConnectionAttempt) => Promise<'allow' | TooManyRequests>;
  /** The realm of `WWW-Authenticate`. @default '' */
  readonly realm?: string;
  /** @default the system's */
  readonly clock?: Clock;
  /** Called after events were stored, and not for a repetition. What it throws is given to `onError`. */
  readonly onPublished?: (identity: Identity, ids: readonly string[]) => void;
  /** Called for every refusal. `cause` is the reason, for the server's own log. */
  readonly onRefused?: (refusal: Refusal, cause: unknown) => void;
  /** Called with what a hook, the log or the verifier threw. @default console.error */
  readonly onError?: (error: unknown) => void;
}

export interface PublishEndpoint {
  /**
   * Answers `POST` with `{"events": [{"topic", "type", "data" | "text", "retry"}]}` by `{"ids": ["…"], "isRepeat": false}`, once the log has all of
   * the events; or refuses it, and then none is stored. `openapi/publish.json` in the package has all answers. Never rejects.
   */
  publish(exchange: Exchange): Promise<void>;
}

type Outcome =
  | { readonly kind: 'refused'; readonly refusal: Refusal; readonly cause?: unknown }
  | {
      readonly kind: 'stored';
      readonly identity: Identity;
      readonly ids: readonly string[];
      readonly isRepeat: boolean;
    };

const bodyTimeoutMs = 10_000;
const busyRetrySeconds = 5;

const notAnApplication: Refusal = {
  status: 403,
  code: 'not-an-application',
  title: 'Forbidden',
  detail: 'Only applications may publish here. Use a token of the client credentials flow.',
};

const topicNotGranted: Refusal = {
  status: 403,
  code: 'topic-not-granted',
  title: 'Forbidden',
  detail: 'No app role of this application may publish to one of these topics.',
};

/**
 * Lets other services publish over HTTP, with tokens of their own application (OAuth 2.0 client credentials, RFC 6749 4.4) and an app role for
 * each pattern of topics. With the header `Idempotency-Key`, a request that is repeated is stored once, on whichever node
 * (draft-ietf-httpapi-idempotency-key-header); keys of different applications do not meet.
 *
 * @throws ConfigurationError for grants without a role or pattern, or a limit that is not a whole number of at least 1.
 *
 * @example
 * const publishing = createPublishEndpoint({ hub, verifier, grants: { 'Orders.Publish': ['orders/*'] } });
 * app.all('/publish', expressPublish(publishing));
 */
export function createPublishEndpoint(options: PublishEndpointOptions): PublishEndpoint {
  const { hub, verifier, maxEvents = 100, maxBodyBytes = 2 ** 20, limit, realm = '', clock = systemClock } = options;
  const { onPublished, onRefused, onError = (error) => console.error(error) } = options;
  checkBounds({ maxEvents, maxBodyBytes });
  const isGranted = compileGrants(options.grants);
  const report = createReporter(onError);
  const access = createAccess({ verifier, realm, tokenTransports: ['header'] });

  async function serve(exchange: Exchange): Promise<Outcome> {
    const { request, native } = exchange;
    if (request.method !== 'POST') return refused(methodNotAllowed(['POST']));
    const admission = await access.admit(request, { applicationRoles: Object.keys(options.grants) }, 'route');
    if (admission.outcome === 'refused') return { kind: 'refused', ...admission };
    const { identity } = admission;
    if (identity.kind !== 'application') return refused(notAnApplication);
    const limited = (await limit?.({ identity, request, native })) ?? 'allow';
    if (limited !== 'allow') return refused(tooManyRequests(limited.retryAfterMs));
    const publication = readPublication(
      {
        contentType: request.header('content-type'),
        key: request.header('idempotency-key'),
        body: await within(bodyTimeoutMs, exchange.readJson?.(maxBodyBytes), clock),
      },
      { maxEvents, maxBodyBytes },
    );
    if ('status' in publication) return refused(publication);
    if (!publication.events.every(({ topic }) => isGranted(identity.roles, topic))) return refused(topicNotGranted);
    return store(identity, publication);
  }

  async function store(identity: Identity, { events, key }: Publication): Promise<Outcome> {
    try {
      const [only] = events;
      const stored =
        key === undefined && only !== undefined
          ? { ids: [await hub.publish(only.topic, only)], isRepeat: false }
          : await hub.publishOnce(await nameOf(identity, key ?? ''), events);
      return { kind: 'stored', identity, ...stored };
    } catch (cause) {
      const refusal = refuseEvent(cause);
      if (refusal !== undefined) return { kind: 'refused', refusal, cause };
      if (isErrorNamed(cause, 'ConfigurationError')) throw cause;
      return { kind: 'refused', refusal: logUnavailable, cause };
    }
  }

  return {
    async publish(exchange) {
      const outcome = await serve(exchange).catch((cause: unknown): Outcome => ({
        kind: 'refused',
        refusal: internalError,
        cause,
      }));
      if (outcome.kind === 'refused') {
        const { refusal, cause } = outcome;
        sendRefusal(exchange.transport, refusal, {});
        callHook(onRefused, report, refusal, cause);
        if (cause !== undefined && refusal.status >= 500 && refusal.code !== 'keys-unavailable') report(cause);
        return;
      }
      const { identity, ids, isRepeat } = outcome;
      sendJson(exchange, { ids, isRepeat });
      if (!isRepeat) callHook(onPublished, report, identity, ids);
    },
  };
}

const logUnavailable = unavailable(
  'log-unavailable',
  'The event log did not confirm the events. With an Idempotency-Key, send the request again; without one, they may be stored.',
  busyRetrySeconds,
);

function refused(refusal: Refusal): Outcome {
  return { kind: 'refused', refusal };
}

/** A key of another application must not answer this one's request, and its length must fit. */
async function nameOf(identity: Identity, key: string): Promise<string> {
  return `http:${await sha256(`${identity.key}\n${key}`)}`;
}

function sendJson({ transport }: Exchange, value: unknown): void {
  const bytes = new TextEncoder().encode(JSON.stringify(value));
  transport.start(200, {
    'Content-Type': 'application/json',
    'Content-Length': String(bytes.byteLength),
    'Cache-Control': 'no-store',
  });
  transport.write(bytes);
  transport.end();
}

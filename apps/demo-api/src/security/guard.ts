import type { AccessRequirements, Authorization, StreamContext } from '@sillage/server';
import { expressAuthenticate, identityOf } from '@sillage/server/express';
import type { Request, RequestHandler, Response } from 'express';
import type { Endpoints } from '../live/endpoints.ts';
import { sendProblem } from '../read-body.ts';
import type { LimitKind, RateLimits } from './rate-limits.ts';
import type { StepUp } from './step-up.ts';

/** Decides who may call, and how often. Applied once, before all routes and to all streams, so that no route can forget it. */
export interface Guard {
  /** Before everything else: an address that sends too many requests costs no signature check. */
  readonly address: RequestHandler;
  /** Before every route that is not a stream, and before any body is parsed. */
  readonly routes: readonly RequestHandler[];
  /** In addition, for the routes of administrators. */
  readonly admin: RequestHandler;
  /** The guard of the table of streams. */
  readonly stream: (context: StreamContext<Request>) => Promise<Authorization>;
}

export interface GuardOptions {
  readonly endpoints: Endpoints;
  /** What a token needs for anything in this API. */
  readonly access: AccessRequirements;
  readonly limits: RateLimits;
  readonly stepUp: StepUp;
}

/** The streams that a user may have open at once. Each page uses up to four. */
const maxOpenStreams = 100;
/** When to try again if too many are open: one of them may close at any time. */
const openStreamsRetryMs = 5_000;

export function createGuard({ endpoints, access, limits, stepUp }: GuardOptions): Guard {
  const limit =
    (kind: LimitKind, keyOf: (response: Response) => string): RequestHandler =>
    async (_request, response, next) => {
      const retryAfterMs = await limits.take(kind, keyOf(response));
      if (retryAfterMs === undefined) next();
      else sendTooManyRequests(response, retryAfterMs);
    };

  return {
    address: limit('address', ({ req }) => req.ip ?? ''),
    routes: [expressAuthenticate(endpoints.main, access), limit('requests', (response) => identityOf(response).key)],
    admin: expressAuthenticate(endpoints.main, { ...access, roles: ['Stream.Admin'] }),
    async stream({ identity, request }) {
      const retryAfterMs = await limits.take('streams', identity.key);
      if (retryAfterMs !== undefined) return { kind: 'too-many-requests', retryAfterMs };
      if ((endpoints.sessionsByUser.get(identity.key) ?? 0) >= maxOpenStreams) {
        return { kind: 'too-many-requests', retryAfterMs: openStreamsRetryMs };
      }
      // The access log shows the requests of users only.
      if (request.res !== undefined) request.res.locals.identity = identity;
      return stepUp.check(identity);
    },
  };
}

/** The same answer as a stream's (PROTOCOL 3.6). */
function sendTooManyRequests(response: Response, retryAfterMs: number): void {
  const seconds = Math.max(1, Math.ceil(retryAfterMs / 1000));
  response.set('Retry-After', String(seconds));
  sendProblem(response, 429, 'too-many-requests', `Send the request again in ${seconds} s.`);
}

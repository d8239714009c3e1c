import type { AccessRequirements, Authorization, Identity, StreamEndpoint } from '@sillage/server';
import { expressAuthenticate, identityOf } from '@sillage/server/express';
import type { RequestHandler, Response } from 'express';
import { sendProblem } from '../read-body.ts';
import type { LimitKind, RateLimits } from './rate-limits.ts';
import type { StepUp } from './step-up.ts';

/** Who gets in, and how often. */
export interface Guard {
  /** Before everything: an address that asks too often costs no signature check. */
  readonly address: RequestHandler;
  /** For ordinary routes. */
  readonly route: readonly RequestHandler[];
  /** For ordinary routes of administrators. */
  readonly adminRoute: readonly RequestHandler[];
  /** For `authorize` of every stream. */
  stream(identity: Identity): Promise<Authorization>;
}

export function createGuard(
  endpoint: StreamEndpoint,
  access: AccessRequirements,
  limits: RateLimits,
  stepUp: StepUp,
): Guard {
  const limit =
    (kind: LimitKind, keyOf: (response: Response) => string): RequestHandler =>
    async (_request, response, next) => {
      const retryAfterMs = await limits.take(kind, keyOf(response));
      if (retryAfterMs === undefined) next();
      else sendTooManyRequests(response, retryAfterMs);
    };
  const user = limit('requests', (response) => identityOf(response).key);

  return {
    address: limit('address', ({ req }) => req.ip ?? ''),
    route: [expressAuthenticate(endpoint, access), user],
    adminRoute: [expressAuthenticate(endpoint, { ...access, roles: ['Stream.Admin'] }), user],
    async stream(identity) {
      const retryAfterMs = await limits.take('streams', identity.key);
      return retryAfterMs === undefined ? stepUp.check(identity) : { kind: 'too-many-requests', retryAfterMs };
    },
  };
}

/** The same answer as a stream's (PROTOCOL 3.6). */
function sendTooManyRequests(response: Response, retryAfterMs: number): void {
  const seconds = Math.max(1, Math.ceil(retryAfterMs / 1000));
  response.set('Retry-After', String(seconds));
  sendProblem(response, 429, 'too-many-requests', `Ask again in ${seconds} s.`);
}

import { TokenRefusedError } from '../auth/token-refused-error.ts';
import type { Identity, TokenVerifier } from '../auth/identity.ts';
import { createFakeClock } from '../core/fake-clock.fixture.ts';
import type { FakeClock } from '../core/fake-clock.fixture.ts';
import { createHub } from '../hub/hub.ts';
import type { Hub } from '../hub/hub.ts';
import { createIdentity } from '../auth/identity.fixture.ts';
import { createMemoryEventLog } from '../logs/memory-event-log.ts';
import { createStreamEndpoint } from './stream-endpoint.ts';
import type { StreamEndpoint, StreamEndpointOptions } from './stream-endpoint.ts';

export interface TestEndpoint {
  readonly endpoint: StreamEndpoint;
  readonly hub: Hub;
  readonly clock: FakeClock;
  /** Who a token speaks for, by its text; a token that is not here has expired. */
  readonly identities: Map<string, Identity>;
  readonly closed: string[];
  readonly errors: unknown[];
  readonly refused: string[];
}

export const APP_ORIGIN = 'https://app.example';

/** An endpoint whose clock stands still, and which knows the tokens `alice` and `bob`. */
export function createTestEndpoint(options: Partial<StreamEndpointOptions> = {}): TestEndpoint {
  const clock = createFakeClock();
  const identities = new Map(
    ['alice', 'bob'].map((name) => [name, createIdentity({ key: `t.${name}`, objectId: name })]),
  );
  const verifier: TokenVerifier = {
    authorizationUri: 'https://login.example/authorize',
    async verify(token) {
      await Promise.resolve();
      const identity = identities.get(token);
      if (identity === undefined) throw new TokenRefusedError('token-expired', 'The token has expired.');
      return identity;
    },
  };
  const hub = options.hub ?? createHub({ log: createMemoryEventLog({ epoch: 'e1' }) });
  const closed: string[] = [];
  const errors: unknown[] = [];
  const refused: string[] = [];
  const endpoint = createStreamEndpoint({
    hub,
    verifier,
    clock,
    cors: { origins: [APP_ORIGIN] },
    realm: 'api',
    onSessionClosed: (_session, reason) => closed.push(reason),
    onRefused: ({ code }) => refused.push(code),
    onError: (error) => errors.push(error),
    ...options,
  });
  return { endpoint, hub, clock, identities, closed, errors, refused };
}

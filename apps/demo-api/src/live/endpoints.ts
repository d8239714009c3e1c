import { createStreamEndpoint, type Hub, type SessionSummary, type TokenVerifier } from '@sillage/server';
import type { Metrics } from '@sillage/server/operations';
import type { Config } from '../config.ts';
import { corsOf } from '../web-origins.ts';

/** The endpoints of this API, and the sessions of all of them. */
export interface Endpoints {
  /** Takes a token from the header only. */
  readonly main: ReturnType<typeof createStreamEndpoint>;
  /** Takes a token from the header, from the URL, or in exchange for a ticket: for the page that compares the three. */
  readonly allTransports: ReturnType<typeof createStreamEndpoint>;
  readonly sessionCount: number;
  /** Open sessions by `Identity.key`. */
  readonly sessionsByUser: ReadonlyMap<string, number>;
  /** Closes every session of a user. */
  revoke(key: string): Promise<void>;
  close(): void;
}

export interface EndpointsOptions {
  readonly hub: Hub;
  readonly verifier: TokenVerifier;
  readonly config: Pick<Config, 'HEARTBEAT_MS' | 'WEB_ORIGINS'>;
  readonly maxEventBytes: number;
  readonly onOpened: (session: SessionSummary) => void;
  readonly onClosed: (session: SessionSummary, reason: string) => void;
  readonly onError: (error: unknown) => void;
  readonly metrics: Metrics;
}

export function createEndpoints(options: EndpointsOptions): Endpoints {
  const { hub, verifier, config, maxEventBytes, onOpened, onClosed, onError, metrics } = options;
  const byUser = new Map<string, number>();
  let sessionCount = 0;

  function count({ identity: { key } }: SessionSummary, difference: 1 | -1): void {
    sessionCount += difference;
    const sessions = (byUser.get(key) ?? 0) + difference;
    if (sessions > 0) byUser.set(key, sessions);
    else byUser.delete(key);
  }

  const common = {
    hub,
    verifier,
    cors: corsOf(config),
    heartbeatMs: config.HEARTBEAT_MS,
    maxEventBytes,
    ...metrics.endpointHooks({
      onSessionOpened(session: SessionSummary) {
        count(session, 1);
        onOpened(session);
      },
      onSessionClosed(session: SessionSummary, reason: string) {
        count(session, -1);
        onClosed(session, reason);
      },
    }),
    onError,
  };
  const main = createStreamEndpoint(common);
  const allTransports = createStreamEndpoint({ ...common, tokenTransports: ['header', 'query', 'ticket'] });

  return {
    main,
    allTransports,
    get sessionCount() {
      return sessionCount;
    },
    sessionsByUser: byUser,
    async revoke(key) {
      await Promise.all([main.revoke(key), allTransports.revoke(key)]);
    },
    close() {
      main.close();
      allTransports.close();
    },
  };
}

import { createEntraVerifier, createHub, createStreamEndpoint, type TokenVerifier } from '@sillage/server';
import type { DestinationStream } from 'pino';
import type { Usage } from './analytics/usage.ts';
import type { Config } from './config.ts';
import type { DemoContext } from './demo-context.ts';
import { createListeners } from './live/listeners.ts';
import { createLiveHub } from './live/live-hub.ts';
import { createLogging, type Logging } from './logs/logging.ts';
import { logTopic } from './logs/log-routes.ts';
import { createNotify } from './notifications/notify.ts';
import { createPeople } from './people/people.ts';
import { createGuard } from './security/guard.ts';
import { createRateLimits } from './security/rate-limits.ts';
import { createStepUp } from './security/step-up.ts';
import { openStores } from './store/stores.ts';
import { corsOf } from './web-origins.ts';

export interface ContextOptions {
  readonly config: Config;
  readonly usage: Usage;
  readonly logDestination: DestinationStream;
}

/** The largest document, with what its encoding adds. */
const maxEventBytes = 2 * 2 ** 20;

/** Puts together what every feature builds on; `close` takes it apart again. */
export async function createContext({
  config,
  usage,
  logDestination,
}: ContextOptions): Promise<{ context: DemoContext; close: () => Promise<void> }> {
  const closers: (() => void | Promise<void>)[] = [];
  const stores = await openStores(config, () => usage.count('events'));
  const live = createLiveHub({
    log: stores.liveLog,
    // The counting and the logging of events would count themselves.
    onSent: (topic) => /^(analytics|logs)\//.test(topic) || usage.count('events'),
    // Counted, and not logged: a log line that could not be published would make another one.
    onFailure: () => usage.count('errors'),
  });
  const logging = createLogging({
    level: config.LOG_LEVEL,
    destination: logDestination,
    publish: (type, line) => live.send(logTopic(type, line.level), { data: line }),
  });
  const hub = createHub({ log: stores.log, maxEventBytes });
  const access = { scopes: ['Stream.Access'] };
  const listeners = createListeners();
  const audit: DemoContext['audit'] = (who, action, fields = {}) =>
    logging.audit.info({ user: who.id, ...fields }, `${who.name} ${action}`);
  const people = createPeople(stores.state, (person) => audit(person, 'signed in'));
  const stepUp = createStepUp(stores.state);
  const noteSessions = (): void => usage.note(endpoint.sessions.byUser.size, endpoint.sessions.count);
  const verifier = createVerifier(config, logging);
  const endpoint = createStreamEndpoint({
    hub,
    cors: corsOf(config),
    heartbeatMs: config.HEARTBEAT_MS,
    maxEventBytes,
    verifier,
    onSessionOpened(session) {
      people.meet(session.identity);
      noteSessions();
      listeners.opened(session);
      logging.app.info({ user: session.identity.key, topics: session.topics }, 'session opened');
    },
    onSessionClosed(session, reason) {
      noteSessions();
      listeners.closed(session);
      logging.app.info({ user: session.identity.key, topics: session.topics, reason }, 'session closed');
    },
    onRefused: ({ status, code }) => logging.app.info({ status, code }, 'stream refused'),
    onError: (error) => logging.app.error({ err: error }, 'stream failed'),
  });
  const guard = createGuard(endpoint, access, createRateLimits(config), stepUp);
  const context: DemoContext = {
    config,
    hub,
    live,
    endpoint,
    verifier,
    access,
    guard,
    stores,
    people,
    stepUp,
    listeners,
    logging,
    audit,
    notify: createNotify(hub),
    onClose: (close) => void closers.push(close),
  };

  return {
    context,
    async close() {
      for (const closeFeature of closers.splice(0).reverse()) await closeFeature();
      endpoint.close();
      await hub.close();
      await live.close();
      await stores.close();
    },
  };
}

function createVerifier(config: Config, { app }: Logging): TokenVerifier {
  const authority = config.ENTRA_AUTHORITY.replace(/\/$/, '');
  const emulated = !authority.startsWith('https://login.microsoftonline.');
  return createEntraVerifier({
    tenants: config.ENTRA_TENANT_ID,
    audience: [config.ENTRA_API_CLIENT_ID, `api://${config.ENTRA_API_CLIENT_ID}`],
    authority,
    ...(emulated ? { v1IssuerTemplate: `${authority}/sts/{tid}/` } : {}),
    clockToleranceMs: config.CLOCK_TOLERANCE_MS,
    onKeysError: (error) => app.warn({ err: error }, 'signing keys could not be fetched'),
  });
}

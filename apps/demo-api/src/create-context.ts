import { createEntraVerifier, createHub, type SessionSummary, type TokenVerifier } from '@sillage/server';
import type { Operations } from '@sillage/server/operations';
import type { DestinationStream } from 'pino';
import type { Usage } from './analytics/usage.ts';
import { isEmulated, type Config } from './config.ts';
import type { DemoContext } from './demo-context.ts';
import { createEndpoints, type Endpoints } from './live/endpoints.ts';
import { createApiMetrics, observe } from './live/observe.ts';
import { createListeners } from './live/listeners.ts';
import { createLiveHub } from './live/live-hub.ts';
import { createLogging, type Logging } from './logs/logging.ts';
import { logTopic } from './logs/log-routes.ts';
import { createInboxes } from './notifications/inbox.ts';
import { createNotify } from './notifications/notify.ts';
import { createPeople } from './people/people.ts';
import { createGuard } from './security/guard.ts';
import { createRateLimits } from './security/rate-limits.ts';
import { createStepUp } from './security/step-up.ts';
import { createDiskSpace } from './store/disk-space.ts';
import { openStores } from './store/stores.ts';

export interface ContextOptions {
  readonly config: Config;
  readonly usage: Usage;
  readonly logDestination: DestinationStream;
}

/** The largest document, with what its encoding adds. */
const maxEventBytes = 2 * 2 ** 20;
const access = { scopes: ['Stream.Access'] };

/** Creates what every feature uses; `close` closes it again. */
export async function createContext({
  config,
  usage,
  logDestination,
}: ContextOptions): Promise<{ context: DemoContext; operations: Operations; close: () => Promise<void> }> {
  const closers: (() => void | Promise<void>)[] = [];
  const stores = await openStores(config, () => usage.count('events'));
  // Counted and not logged: a log line that could not be published would cause another one.
  const onFailure = (): void => usage.count('errors');
  const live = createLiveHub({
    log: stores.liveLog,
    // The analytics would count their own events.
    onSent: (topic) => topic.startsWith('analytics/') || usage.count('events'),
    onFailure,
  });
  const logLines = createLiveHub({ log: stores.logLinesLog, onSent: () => undefined, onFailure });
  const logging = createLogging({
    level: config.LOG_LEVEL,
    destination: logDestination,
    publish: (type, line) => logLines.send(logTopic(type, line.level), { data: line }),
  });
  const metrics = createApiMetrics(config);
  const hub = createHub({ log: stores.log, maxEventBytes, observer: metrics.hubObserver });
  const listeners = createListeners();
  const audit: DemoContext['audit'] = (who, action, fields = {}) =>
    logging.audit.info({ user: who.id, ...fields }, `${who.name} ${action}`);
  const disk = createDiskSpace({ folder: stores.folder, reserveBytes: config.DISK_RESERVE_BYTES });
  const people = createPeople(stores.state, {
    onFirstMet: (person) => audit(person, 'signed in'),
    onUnstored: (error) => logging.app.warn({ err: error }, 'a user could not be stored'),
  });
  const stepUp = createStepUp(stores.state);
  const noteSessions = (): void => usage.note(endpoints.sessionsByUser.size, endpoints.sessionCount);
  const logSession = ({ identity, topics }: SessionSummary, message: string, reason?: string): void =>
    logging.app.info({ user: identity.key, topics, ...(reason === undefined ? {} : { reason }) }, message);
  const endpoints: Endpoints = createEndpoints({
    hub,
    verifier: createVerifier(config, logging),
    config,
    maxEventBytes,
    metrics,
    onOpened(session) {
      people.meet(session.identity);
      noteSessions();
      listeners.opened(session);
      logSession(session, 'session opened');
    },
    onClosed(session, reason) {
      noteSessions();
      listeners.closed(session);
      logSession(session, 'session closed', reason);
    },
    onError: (error) => logging.app.error({ err: error }, 'stream failed'),
  });
  const inboxes = createInboxes({ hub, stores });
  const guard = createGuard({ endpoints, access, limits: createRateLimits(config), stepUp });

  return {
    context: {
      ...{ config, hub, live, logLines, endpoints, access, guard, stores, disk, people, stepUp, listeners, logging },
      ...{ audit, inboxes, notify: createNotify(hub, inboxes), onClose: (close) => void closers.push(close) },
    },
    operations: observe(metrics, { hub, log: stores.log, endpoints }),
    async close() {
      for (const closeFeature of closers.splice(0).reverse()) await closeFeature();
      endpoints.close();
      await hub.close();
      await live.close();
      await logLines.close();
      await stores.close();
    },
  };
}

function createVerifier(config: Config, { app }: Logging): TokenVerifier {
  const authority = config.ENTRA_AUTHORITY.replace(/\/$/, '');
  return createEntraVerifier({
    tenants: config.ENTRA_TENANT_ID,
    audience: [config.ENTRA_API_CLIENT_ID, `api://${config.ENTRA_API_CLIENT_ID}`],
    authority,
    ...(isEmulated(authority) ? { v1IssuerTemplate: `${authority}/sts/{tid}/` } : {}),
    clockToleranceMs: config.CLOCK_TOLERANCE_MS,
    keyFetchIntervalMs: config.KEY_FETCH_INTERVAL_MS,
    onKeysError: (error) => app.warn({ err: error }, 'the signing keys could not be fetched'),
  });
}

import { createEntraVerifier, createHub, createMemoryEventLog, createStreamEndpoint } from '@sillage/server';
import { expressCors } from '@sillage/server/express';
import express, { type Express, type NextFunction, type Request, type Response } from 'express';
import type { Logger } from 'pino';
import { assistantRoutes } from './assistant/assistant-routes.ts';
import type { Assistant } from './assistant/assistant.ts';
import { chatRoutes } from './chat/chat-routes.ts';
import type { Config } from './config.ts';
import type { DemoContext } from './demo-context.ts';
import { eventRoutes } from './events/event-routes.ts';
import { notificationRoutes } from './notifications/notification-routes.ts';
import { createPeople } from './people/people.ts';
import { peopleRoutes } from './people/people-routes.ts';
import { sendProblem } from './read-body.ts';
import { createStepUp } from './security/step-up.ts';

/** The demo's API. */
export interface DemoApi {
  readonly app: Express;
  close(): Promise<void>;
}

export function createDemoApi(config: Config, assistant: Assistant, logger: Logger): DemoApi {
  const authority = config.ENTRA_AUTHORITY.replace(/\/$/, '');
  const emulated = !authority.startsWith('https://login.microsoftonline.');
  const cors = { origins: config.WEB_ORIGINS.split(',').map((origin) => origin.trim()) };
  const log = createMemoryEventLog();
  const hub = createHub({ log });
  const endpoint = createStreamEndpoint({
    hub,
    cors,
    heartbeatMs: config.HEARTBEAT_MS,
    verifier: createEntraVerifier({
      tenants: config.ENTRA_TENANT_ID,
      audience: [config.ENTRA_API_CLIENT_ID, `api://${config.ENTRA_API_CLIENT_ID}`],
      authority,
      ...(emulated ? { v1IssuerTemplate: `${authority}/sts/{tid}/` } : {}),
      clockToleranceMs: config.CLOCK_TOLERANCE_MS,
      onKeysError: (error) => logger.warn({ err: error }, 'signing keys could not be fetched'),
    }),
    onSessionOpened: ({ identity, topics }) => logger.info({ user: identity.key, topics }, 'session opened'),
    onSessionClosed: ({ identity, topics }, reason) =>
      logger.info({ user: identity.key, topics, reason }, 'session closed'),
    onRefused: ({ status, code }) => logger.info({ status, code }, 'stream refused'),
    onError: (error) => logger.error({ err: error }, 'stream failed'),
  });
  const context: DemoContext = {
    hub,
    endpoint,
    access: { scopes: ['Stream.Access'] },
    people: createPeople(),
    stepUp: createStepUp(),
  };

  const app = express();
  app.disable('x-powered-by');
  app.use((request, response, next) => {
    // The path alone: a query may hold what a log must not.
    response.on('finish', () =>
      logger.info({ method: request.method, path: request.path, status: response.statusCode }, 'request'),
    );
    next();
  });
  app.use(expressCors(cors));
  app.use(express.json({ limit: '64kb' }));
  app.get('/health', (_request, response) => void response.json({ status: 'ok' }));
  const router = express.Router();
  peopleRoutes(router, context);
  notificationRoutes(router, context);
  assistantRoutes(router, context, assistant);
  chatRoutes(router, context);
  eventRoutes(router, context);
  app.use(router);
  app.use((_request: Request, response: Response) =>
    sendProblem(response, 404, 'not-found', 'There is nothing at this path.'),
  );
  app.use((error: unknown, _request: Request, response: Response, next: NextFunction) => {
    if (response.headersSent) {
      next(error);
      return;
    }
    // Express's own errors (a body that is no JSON, or too large) carry the status to answer with.
    const status = error instanceof Error && 'status' in error && typeof error.status === 'number' ? error.status : 500;
    if (status >= 500) logger.error({ err: error }, 'request failed');
    sendProblem(
      response,
      status,
      status >= 500 ? 'internal-error' : 'invalid-request',
      status >= 500 ? 'The request failed.' : 'The request could not be read.',
    );
  });

  return {
    app,
    async close() {
      endpoint.close();
      await hub.close();
      await log.close();
    },
  };
}

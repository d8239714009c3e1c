import express, { type Express } from 'express';
import type { DestinationStream } from 'pino';
import { analyticsRoutes } from './analytics/analytics-routes.ts';
import { createUsage } from './analytics/usage.ts';
import { assistantRoutes } from './assistant/assistant-routes.ts';
import type { Assistant } from './assistant/assistant.ts';
import { chatRoutes } from './chat/chat-routes.ts';
import type { Config } from './config.ts';
import { createContext } from './create-context.ts';
import { dataRoutes } from './data/data-routes.ts';
import { documentRoutes } from './documents/document-routes.ts';
import { eventRoutes } from './events/event-routes.ts';
import { gameRoutes } from './games/game-routes.ts';
import { healthRoutes } from './health/health-routes.ts';
import { answerFailure, answerUnknownPath, beforeRoutes } from './http-basics.ts';
import { iotRoutes } from './iot/iot-routes.ts';
import { logRoutes } from './logs/log-routes.ts';
import type { Logging } from './logs/logging.ts';
import { notificationRoutes } from './notifications/notification-routes.ts';
import { peopleRoutes } from './people/people-routes.ts';
import { createSimulatedFeed } from './stocks/simulated-feed.ts';
import { stockRoutes } from './stocks/stock-routes.ts';
import { taskRoutes } from './tasks/task-routes.ts';
import { transportRoutes } from './transports/transport-routes.ts';

/** The demo's API. */
export interface DemoApi {
  readonly app: Express;
  readonly logging: Logging;
  /** Ends every session, and whatever else would keep the process alive. */
  close(): Promise<void>;
}

export interface DemoApiOptions {
  readonly config: Config;
  readonly assistant: Assistant;
  /** Where log lines go, beside the pages that may see them. */
  readonly logDestination: DestinationStream;
}

export async function createDemoApi({ config, assistant, logDestination }: DemoApiOptions): Promise<DemoApi> {
  const usage = createUsage();
  const { context, close } = await createContext({ config, usage, logDestination });
  const app = express();
  beforeRoutes(app, context, usage);
  const router = express.Router();
  peopleRoutes(router, context);
  notificationRoutes(router, context);
  assistantRoutes(router, context, assistant);
  chatRoutes(router, context);
  eventRoutes(router, context);
  dataRoutes(router, context);
  analyticsRoutes(router, context, usage);
  stockRoutes(
    router,
    context,
    createSimulatedFeed({ intervalMs: config.SAMPLE_INTERVAL_MS, memory: context.stores.state.table('price') }),
  );
  healthRoutes(router, context);
  logRoutes(router, context);
  gameRoutes(router, context);
  documentRoutes(router, context);
  transportRoutes(router, context);
  await taskRoutes(router, context);
  await iotRoutes(router, context);
  app.use(router);
  app.use(answerUnknownPath);
  app.use(answerFailure(context));
  return { app, logging: context.logging, close };
}

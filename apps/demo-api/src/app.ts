import { createStreams, type Streams } from '@sillage/server';
import { expressStreams } from '@sillage/server/express';
import type { Operations } from '@sillage/server/operations';
import express, { type Express, type Request, type Router } from 'express';
import type { DestinationStream } from 'pino';
import { analyticsRoutes } from './analytics/analytics-routes.ts';
import { createUsage } from './analytics/usage.ts';
import { assistantRoutes } from './assistant/assistant-routes.ts';
import type { Assistant } from './assistant/assistant.ts';
import { chatRoutes } from './chat/chat-routes.ts';
import { emulatorControlOf, type Config } from './config.ts';
import { createContext } from './create-context.ts';
import { dataRoutes } from './data/data-routes.ts';
import { documentRoutes } from './documents/document-routes.ts';
import { eventRoutes } from './events/event-routes.ts';
import { gameRoutes } from './games/game-routes.ts';
import { healthRoutes } from './health/health-routes.ts';
import { answerFailure, answerUnknownPath, beforeRoutes, parseBodies } from './http-basics.ts';
import { iotRoutes } from './iot/iot-routes.ts';
import { logRoutes } from './logs/log-routes.ts';
import type { Endpoints } from './live/endpoints.ts';
import type { Logging } from './logs/logging.ts';
import { notificationRoutes } from './notifications/notification-routes.ts';
import { peopleRoutes } from './people/people-routes.ts';
import { chaosRoutes, pulsePath, refuseOnPurpose } from './showcase/chaos-routes.ts';
import { createEmulatorControl } from './showcase/emulator-control.ts';
import { createOpenStreams } from './showcase/open-streams.ts';
import { createPulse } from './showcase/pulse.ts';
import { showcaseRoutes } from './showcase/showcase-routes.ts';
import { createPriceMemory } from './stocks/price-memory.ts';
import { createSimulatedFeed } from './stocks/simulated-feed.ts';
import { stockRoutes } from './stocks/stock-routes.ts';
import { taskRoutes } from './tasks/task-routes.ts';
import { transportRoutes } from './transports/transport-routes.ts';

/** The demo's API. */
export interface DemoApi {
  readonly app: Express;
  /** Every stream of the API. */
  readonly streams: Streams<Request>;
  /** Every other route that needs a token. */
  readonly router: Router;
  readonly logging: Logging;
  readonly endpoints: Endpoints;
  /** Health and metrics. */
  readonly operations: Operations;
  /** Closes every session, and whatever else would keep the process alive. */
  close(): Promise<void>;
}

export interface DemoApiOptions {
  readonly config: Config;
  readonly assistant: Assistant;
  /** Where log lines go, besides the pages that may show them. */
  readonly logDestination: DestinationStream;
  /** Restarts the API for the chaos page. @default does nothing */
  readonly restart?: () => void;
}

export async function createDemoApi({
  config,
  assistant,
  logDestination,
  restart = () => undefined,
}: DemoApiOptions): Promise<DemoApi> {
  const usage = createUsage();
  const { context, operations, close } = await createContext({ config, usage, logDestination });
  const app = express();
  beforeRoutes(app, context, usage);
  const router = express.Router();
  peopleRoutes(router, context);
  const feed = createSimulatedFeed({ intervalMs: config.SAMPLE_INTERVAL_MS, memory: createPriceMemory(context) });
  const guarded = { endpoint: context.endpoints.main, access: context.access, guard: context.guard.stream };
  // Every stream of the API, and one guard for all of them. Nothing else serves streams.
  const streams = createStreams(
    {
      '/notifications/stream': notificationRoutes(router, context),
      '/chat/completions/stream': assistantRoutes(router, context, assistant),
      '/chat/stream/:sessionId': chatRoutes(router, context),
      '/events/stream': eventRoutes(router, context),
      '/data/stream/:dataType': dataRoutes(context),
      '/analytics/stream/:metricType': analyticsRoutes(context, usage),
      '/stocks/stream': stockRoutes(router, context, feed),
      '/health/stream': healthRoutes(context),
      '/logs/stream/:logType': logRoutes(context),
      '/games/stream/:gameId': gameRoutes(router, context),
      '/documents/stream/:documentId': documentRoutes(router, context),
      '/transports/stream': transportRoutes(router, context),
      '/tasks/stream/:taskId': await taskRoutes(router, context),
      '/iot/stream/:deviceId': await iotRoutes(router, context),
    },
    guarded,
  );
  app.use(expressStreams(streams));
  const control = emulatorControlOf(config);
  if (control !== undefined) {
    const open = createOpenStreams();
    showcaseRoutes(app, context, { pulse: createPulse(context), streams: open });
    const chaos = chaosRoutes(router, context, { emulator: createEmulatorControl(control), streams: open, restart });
    const pulse = createStreams({ [pulsePath]: chaos }, { ...guarded, multiplexAt: 'none' });
    app.get(pulsePath, ...refuseOnPurpose(context, open), expressStreams(pulse));
  }
  // From here on, every request is one of a user within the limits. Bodies are parsed only now.
  app.use(...context.guard.routes, context.disk.refuseWhenFull);
  parseBodies(app);
  app.use(router);
  app.use(answerUnknownPath);
  app.use(answerFailure(context));
  return { app, router, streams, logging: context.logging, endpoints: context.endpoints, operations, close };
}

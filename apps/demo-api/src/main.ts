import { once } from 'node:events';
import { createServer } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { createNodeExchange, drainOnSignal } from '@sillage/server/node';
import { pino } from 'pino';
import { createDemoApi, type DemoApi } from './app.ts';
import { createDocsAssistant } from './assistant/docs-assistant.ts';
import { createUpstreamAssistant } from './assistant/upstream-assistant.ts';
import { readConfig, type Config } from './config.ts';

function configure(): Config {
  try {
    return readConfig(process.env);
  } catch (error) {
    console.error(
      `The API cannot start. Its environment is wrong:\n${error instanceof Error ? error.message : String(error)}`,
    );
    process.exit(1);
  }
}

const config = configure();
const assistant =
  config.OPENAI_BASE_URL === undefined
    ? await createDocsAssistant({ root: fileURLToPath(new URL('../../..', import.meta.url)) })
    : createUpstreamAssistant({
        baseUrl: config.OPENAI_BASE_URL,
        apiKey: config.OPENAI_API_KEY,
        model: config.OPENAI_MODEL,
      });
const logDestination = pino.destination(1);
const startApi = (): Promise<DemoApi> =>
  createDemoApi({ config, assistant, logDestination, restart: () => void restart() }).catch((error: unknown) => {
    console.error(`The API cannot start: ${error instanceof Error ? error.message : String(error)}`);
    process.exit(1);
  });
let api = await startApi();
const { app: logger } = api.logging;
// A file may take as long to import as it is large; what is silent for two minutes is gone. Streams lift that for themselves.
const server = createServer({ requestTimeout: 86_400_000 }, (request, response) => void api.app(request, response));
server.timeout = 120_000;

server.on('error', (error: NodeJS.ErrnoException) => {
  console.error(
    error.code === 'EADDRINUSE'
      ? `Port ${config.API_PORT} is taken: set API_PORT to a free one.`
      : `The API cannot listen: ${error.message}`,
  );
  process.exit(1);
});
server.on('listening', () => logger.info({ address: server.address() }, 'listening'));
server.listen(config.API_PORT, config.SILLAGE_HOST);

if (config.OPERATIONS_PORT !== undefined) {
  createServer((request, response) => {
    void api.operations.handle(createNodeExchange(request, response)).then((outcome) => {
      if (outcome === 'unknown') response.writeHead(404).end();
    });
  })
    .listen(config.OPERATIONS_PORT, '127.0.0.1')
    .unref();
}

/** How long the port is closed in a restart: as long as a process needs to start, so that clients notice. */
const downMs = 1_500;
let isStopping = false;

/** What a restart does, but for the process: everything is closed and forgotten, and read again from the disk. */
async function restart(): Promise<void> {
  const closed = once(server, 'close');
  server.close();
  server.closeAllConnections();
  await Promise.all([api.close(), closed]);
  await delay(downMs);
  if (isStopping) return;
  api = await startApi();
  server.listen(config.API_PORT, config.SILLAGE_HOST);
}

const stop = (): void => {
  isStopping = true;
  server.close();
  api.close().then(
    () => server.closeAllConnections(),
    (error: unknown) => logger.error({ err: error }, 'could not close'),
  );
};
process.once('SIGINT', stop);
if (config.DRAIN_WINDOW_MS === 0) process.once('SIGTERM', stop);
else {
  const { main, allTransports } = api.endpoints;
  drainOnSignal({
    endpoints: [main, allTransports],
    server,
    windowMs: config.DRAIN_WINDOW_MS,
    onDrained: () => api.close(),
    onError: (error) => logger.error({ err: error }, 'could not close'),
  });
}

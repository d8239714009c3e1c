import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { readServerConfig, type ServerConfig } from './config.ts';
import { createWebServer } from './web-server.ts';

const config = configure();
const server = create();

server.on('error', (error: NodeJS.ErrnoException) =>
  fail(
    error.code === 'EADDRINUSE'
      ? `Port ${config.port} is taken: set WEB_PORT to a free one.`
      : `The web server cannot listen: ${error.message}`,
  ),
);
server.listen(config.port, config.host, () => {
  const { port } = server.address() as AddressInfo;
  log({ ready: 'demo-web', origin: `http://${config.host}:${port}` });
});

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => {
    server.close();
    server.closeAllConnections();
  });
}

function configure(): ServerConfig {
  try {
    return readServerConfig(process.env);
  } catch (error) {
    return fail(`The web server cannot start.\n${messageOf(error)}`);
  }
}

function create(): Server {
  const root = fileURLToPath(new URL('../dist', import.meta.url));
  try {
    return createWebServer({ config, root, onAnswer: log, onError: (error) => log({ error: messageOf(error) }) });
  } catch (error) {
    return fail(`The web server cannot start.\nThe app is not built: run "ng build" first. (${messageOf(error)})`);
  }
}

function log(line: object): void {
  process.stdout.write(`${JSON.stringify(line)}\n`);
}

function fail(message: string): never {
  process.stderr.write(`${message}\n`);
  process.exit(1);
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

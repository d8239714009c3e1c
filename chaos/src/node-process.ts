import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createHub, createStreamEndpoint, createStreams, systemClock } from '@sillage/server';
import type { EventLog, Identity } from '@sillage/server';
import { createNodeExchange, drainOnSignal } from '@sillage/server/node';

// One node of the cluster: an API in its own process, which the run kills, drains and starts again.
const { ENGINE, ENGINE_PORT, DRAIN_WINDOW_MS = '2000', TOKEN_MS = '15000' } = process.env;
const tokenMs = Number(TOKEN_MS);
const maxEvents = 500_000;

let clockOffsetMs = 0;
const clock = { ...systemClock, now: () => Date.now() + clockOffsetMs };
process.on('message', (message: { stepClockMs: number }) => {
  clockOffsetMs += message.stepClockMs;
});
// The run has ended, however it did.
process.on('disconnect', () => process.exit());

async function openLog(): Promise<EventLog> {
  const port = Number(ENGINE_PORT);
  const onError = (): void => undefined;
  if (ENGINE === 'redis') {
    const { createRedisEventLog } = await import('@sillage/server/redis');
    return createRedisEventLog({ url: `redis://127.0.0.1:${port}`, maxEvents, timeoutMs: 5_000, onError });
  }
  const { Pool } = await import('pg');
  const { createPostgresEventLog } = await import('@sillage/server/postgres');
  const pool = new Pool({ host: '127.0.0.1', port, user: 'sillage', database: 'postgres', max: 5 });
  pool.on('error', onError);
  return createPostgresEventLog({ pool, maxEvents, timeoutMs: 5_000, onError });
}

const log = await openLog();
const hub = createHub({ log });
const endpoint = createStreamEndpoint({
  hub,
  clock,
  heartbeatMs: 500,
  verifier: {
    // Tokens are not what is tested here: the text is the user, and it is valid for a while, so that streams rotate.
    verify: (user) =>
      Promise.resolve<Identity>({
        key: user,
        tenantId: 'contoso',
        objectId: user,
        kind: 'user',
        scopes: [],
        roles: [],
        expiresAtMs: clock.now() + tokenMs,
        supportsClaimsChallenge: false,
        claims: {},
      }),
  },
  onError: () => undefined,
});
const streams = createStreams(
  { '/events': { topics: ({ query }) => (query.get('topics') ?? '').split(',') } },
  { endpoint },
);

async function publish(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const query = new URL(request.url ?? '', 'http://localhost').searchParams;
  try {
    const id = await hub.publish(query.get('topic') ?? '', {
      type: query.get('topic') ?? '',
      data: Number(query.get('number')),
    });
    response.end(id);
  } catch (error) {
    response.writeHead(503);
    response.end(error instanceof Error ? error.message : String(error));
  }
}

async function revoke(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const query = new URL(request.url ?? '', 'http://localhost').searchParams;
  const count = await endpoint.revoke(query.get('user') ?? '');
  response.end(String(count));
}

const server = createServer((request, response) => {
  const exchange = createNodeExchange(request, response);
  if (request.method === 'POST' && exchange.request.path === '/publish') void publish(request, response);
  else if (request.method === 'POST' && exchange.request.path === '/revoke') void revoke(request, response);
  else void streams.handle(exchange, exchange.request.path);
});
drainOnSignal({
  endpoints: [endpoint],
  server,
  windowMs: Number(DRAIN_WINDOW_MS),
  maxRetryMs: 1_000,
  onDrained: async () => {
    await hub.close();
    await log.close();
    process.exit();
  },
  onError: () => process.exit(),
});
server.listen(0, '127.0.0.1', () => {
  hub.ready().then(
    () => process.send?.({ port: (server.address() as AddressInfo).port }),
    () => process.exit(1),
  );
});

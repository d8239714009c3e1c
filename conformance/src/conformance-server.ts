import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import {
  claimsChallenge,
  createHub,
  createMemoryEventLog,
  createStreamEndpoint,
  createStreams,
  StreamFailure,
  TokenRefusedError,
  type EventLog,
  type Hub,
  type Identity,
  type OutgoingEvent,
  type StreamEndpoint,
  type TokenVerifier,
} from '@sillage/server';
import { expressRespond, expressStream, expressStreams } from '@sillage/server/express';
import express, { type Request, type RequestHandler } from 'express';

/** A server for the scenarios, whose faults they can control. Its tokens are simulated: `<user>.<scope>.<expiry in ms>[.c1]`. */
export interface ConformanceServer {
  readonly origin: string;
  /** Serves the scenarios' page, for the browser, and a worker's script at `/worker.js`. */
  servePage(script: string, worker?: string): void;
  /** How many responses of event streams are open: connections, however many streams each carries. */
  readonly openConnections: number;
  close(): Promise<void>;
}

const maxEvents = 50;
const access = { scopes: ['read'] };

const verifier: TokenVerifier = {
  verify(token) {
    const [user = '', scope = '', expiresAtMs = '', context] = token.split('.');
    if (!(Number(expiresAtMs) > Date.now())) {
      return Promise.reject(new TokenRefusedError('token-expired', 'The token has expired.'));
    }
    const identity: Identity = {
      key: user,
      tenantId: 'simulated',
      objectId: user,
      kind: 'user',
      scopes: [scope],
      roles: [],
      expiresAtMs: Number(expiresAtMs),
      supportsClaimsChallenge: true,
      claims: { acrs: context === undefined ? [] : [context] },
    };
    return Promise.resolve(identity);
  },
};

export interface ConformanceServerOptions {
  /** How many nodes take requests in turn. @default 1 */
  readonly nodes?: number;
  /** @default 200 */
  readonly heartbeatMs?: number;
  /** Opens the log of a node. The logs of one generation have the same history, and those of the next one nothing. @default in memory */
  readonly openLog?: (generation: number, maxEvents: number) => EventLog;
}

/** A node: what one process of an API would have. */
interface Node {
  readonly log: EventLog;
  readonly hub: Hub;
  readonly endpoint: StreamEndpoint;
  /** The same topics, alone or on one connection. */
  readonly shared: RequestHandler;
}

export async function startConformanceServer({
  nodes: size = 1,
  heartbeatMs = 200,
  openLog = () => createMemoryEventLog({ maxEvents }),
}: ConformanceServerOptions = {}): Promise<ConformanceServer> {
  const sockets = new Set<Socket>();
  const sessions = new Map<string, number>();
  const sessionWaiters = new Set<() => void>();
  let page = '';
  let workerScript = '';
  let openConnections = 0;
  let generation = 0;
  let turn = 0;
  let nodes = await openNodes();

  /** The node whose turn it is. */
  function next(): Node {
    turn += 1;
    const node = nodes[turn % nodes.length];
    if (node === undefined) throw new RangeError('There is no node.');
    return node;
  }

  async function openNodes(): Promise<Node[]> {
    const opened = Array.from({ length: size }, () => createNode(openLog(generation, maxEvents)));
    await Promise.all(opened.map(({ hub }) => hub.ready()));
    return opened;
  }

  async function closeNodes(closing: readonly Node[]): Promise<void> {
    for (const { endpoint } of closing) endpoint.close();
    await Promise.all(closing.map(({ hub }) => hub.close()));
    await Promise.all(closing.map(({ log }) => log.close()));
  }

  // Fewer events in memory than in the log, so that events that the log removes are gone.
  function createNode(log: EventLog, hub = createHub({ log, maxRecentEvents: 16 })): Node {
    const count = (topics: readonly string[] | null, change: number): void => {
      for (const topic of topics ?? []) sessions.set(topic, (sessions.get(topic) ?? 0) + change);
      for (const check of [...sessionWaiters]) check();
    };
    const endpoint = createStreamEndpoint({
      hub,
      verifier,
      heartbeatMs,
      cors: { origins: ['http://allowed.localhost'] },
      onSessionOpened: ({ topics }) => count(topics, 1),
      onSessionClosed: ({ topics }) => count(topics, -1),
    });
    const shared = expressStreams(
      createStreams<'/topics/:topic', Request>(
        { '/topics/:topic': { ...access, topics: ({ params }) => [params.topic] } },
        { endpoint },
      ),
    );
    return { log, hub, endpoint, shared };
  }

  const app = express();
  app.use('/shared', (request, response, pass) => next().shared(request, response, pass));
  app.all('/topics/:topic', (request, response, pass) =>
    expressStream(next().endpoint, { ...access, topics: [request.params.topic] })(request, response, pass),
  );
  app.all('/guarded/:topic', (request, response, pass) =>
    expressStream(next().endpoint, {
      ...access,
      topics: [request.params.topic],
      authorize: ({ identity }) =>
        (identity.claims.acrs as string[]).includes('c1') ? 'allow' : claimsChallenge({ acrs: 'c1' }),
    })(request, response, pass),
  );
  app.all('/count', (request, response, pass) =>
    expressRespond(next().endpoint, access, countTo(3, request.query.fail === undefined ? 'complete' : 'fail'))(
      request,
      response,
      pass,
    ),
  );
  app.get('/empty', (_request, response) => void response.status(204).end());
  app.get('/page', (_request, response) => void response.type('html').send(page));
  app.get('/worker.js', (_request, response) => void response.type('js').send(workerScript));
  app.post('/control/:action', async (request, response) => {
    const body: unknown = JSON.parse((await text(request)) || '{}');
    await act(request.params.action, body as ControlBody);
    response.status(204).end();
  });

  async function act(action: string, { topic = '', events = [], count = 0, windowMs = 1 }: ControlBody): Promise<void> {
    switch (action) {
      case 'publish':
        for (const event of events) await next().hub.publish(topic, event);
        return;
      case 'cut':
        for (const socket of sockets) if (streaming.has(socket)) socket.destroy();
        return;
      case 'lose-log': {
        const lost = nodes;
        generation += 1;
        nodes = await openNodes();
        return closeNodes(lost);
      }
      case 'drain': {
        const draining = nodes;
        nodes = draining.map(({ log, hub }) => createNode(log, hub));
        await Promise.all(draining.map(({ endpoint }) => endpoint.drain({ windowMs })));
        for (const { endpoint } of draining) endpoint.close();
        return;
      }
      case 'sessions':
        return new Promise((resolve) => {
          const check = (): void => {
            if ((sessions.get(topic) ?? 0) !== count) return;
            sessionWaiters.delete(check);
            resolve();
          };
          sessionWaiters.add(check);
          check();
        });
      default:
        throw new Error(`There is no action ${action}.`);
    }
  }

  const streaming = new WeakSet<Socket>();
  const server = createServer((request: IncomingMessage, response: ServerResponse) => {
    if (request.headers.accept === 'text/event-stream') {
      streaming.add(request.socket);
      openConnections += 1;
      response.once('close', () => (openConnections -= 1));
    } else streaming.delete(request.socket);
    app(request, response);
  });
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, 'localhost', resolve));

  return {
    origin: `http://localhost:${(server.address() as AddressInfo).port}`,
    get openConnections() {
      return openConnections;
    },
    servePage: (script, worker = '') => {
      workerScript = worker;
      page = `<!doctype html><title>Conformance</title><script type="module">${script.replaceAll('</script', '<\\/script')}</script>`;
    },
    close: async () => {
      await closeNodes(nodes);
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

interface ControlBody {
  readonly topic?: string;
  readonly events?: readonly OutgoingEvent[];
  readonly count?: number;
  readonly windowMs?: number;
}

function countTo(last: number, end: 'complete' | 'fail') {
  return async function* () {
    for (let n = 1; n <= last; n += 1) yield { data: await Promise.resolve(n) };
    if (end === 'fail') throw new StreamFailure('out-of-numbers', 'There are no more numbers.');
  };
}

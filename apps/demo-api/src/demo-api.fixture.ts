import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { EventStreamOptions } from '@sillage/client';
import { ALICE, BOB, CONTOSO, SAMPLE_API, type EntraEmulator } from '@sillage/entra-emulator';
import type { Router } from 'express';
import { createDemoApi } from './app.ts';
import type { Assistant } from './assistant/assistant.ts';
import { readConfig } from './config.ts';
import { follow, type Follower } from './follower.fixture.ts';
import type { Logging } from './logs/logging.ts';

export type Who = 'alice' | 'bob';

/** The API over HTTP, as pages see it. Alice is an administrator, Bob is not. */
export interface RunningApi {
  readonly origin: string;
  /** The paths of all streams, as patterns. */
  readonly streamPaths: readonly string[];
  /** The other routes that need a token: their methods and patterns. */
  readonly routes: readonly (readonly [method: string, path: string])[];
  readonly logging: Logging;
  readonly logged: string[];
  readonly tokens: Readonly<Record<Who, string>>;
  call(
    who: Who,
    method: string,
    path: string,
    body?: unknown,
    headers?: Readonly<Record<string, string>>,
  ): Promise<Response>;
  /** As {@link call}, for the JSON of an answer that must be a success. */
  json<T>(who: Who, method: string, path: string, body?: unknown): Promise<T>;
  /** Sends a body as it is. */
  upload(
    who: Who,
    method: string,
    path: string,
    body: BodyInit,
    headers: Readonly<Record<string, string>>,
    signal?: AbortSignal,
  ): Promise<Response>;
  follow<T>(who: Who, path: string, options?: EventStreamOptions<T>): Follower<T>;
  /** Stops the API alone: those who follow it go on trying. */
  stop(): Promise<void>;
  close(): Promise<void>;
}

export interface RunApiOptions {
  readonly emulator: EntraEmulator;
  readonly variables?: Readonly<Record<string, string>>;
  readonly assistant?: Assistant;
  /** Where it listened before, to begin anew there. */
  readonly port?: number;
}

/** Says back what it was told. */
const echo: Assistant = {
  info: { kind: 'embedded', description: 'Repeats what it was told, for this test.' },
  async *answer(turns) {
    for (const { content } of turns) yield await Promise.resolve(`${content};`);
  },
};

export async function runApi({ emulator, variables, assistant = echo, port = 0 }: RunApiOptions): Promise<RunningApi> {
  const logged: string[] = [];
  const config = readConfig({
    ENTRA_TENANT_ID: CONTOSO.tenantId,
    ENTRA_API_CLIENT_ID: SAMPLE_API.clientId,
    ENTRA_AUTHORITY: emulator.origin,
    STORE: 'memory',
    SAMPLE_INTERVAL_MS: '20',
    ...variables,
  });
  const api = await createDemoApi({ config, assistant, logDestination: { write: (line) => void logged.push(line) } });
  const server = createServer(api.app).listen(port, 'localhost');
  await once(server, 'listening');
  const origin = `http://localhost:${(server.address() as AddressInfo).port}`;
  const mint = ({ username }: { username: string }): Promise<string> =>
    emulator.mintToken({ username, scopes: ['Stream.Access'] });
  const tokens = { alice: await mint(ALICE), bob: await mint(BOB) };
  const followers: { close(): void }[] = [];

  const call: RunningApi['call'] = (who, method, path, body, headers) =>
    fetch(`${origin}${path}`, {
      method,
      headers: { Authorization: `Bearer ${tokens[who]}`, 'Content-Type': 'application/json', ...headers },
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });

  let stopping: Promise<void> | undefined;
  const stop = (): Promise<void> =>
    (stopping ??= (async () => {
      await api.close();
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    })());

  return {
    origin,
    streamPaths: api.streams.paths,
    routes: routesOf(api.router),
    logging: api.logging,
    logged,
    tokens,
    call,
    async json<T>(...request: Parameters<RunningApi['json']>) {
      const response = await call(...request);
      const text = await response.text();
      if (!response.ok) throw new Error(`${request.join(' ')} was answered ${response.status}: ${text}`);
      return (text === '' ? undefined : JSON.parse(text)) as T;
    },
    upload: (who, method, path, body, headers, signal) =>
      fetch(`${origin}${path}`, {
        method,
        headers: { Authorization: `Bearer ${tokens[who]}`, ...headers },
        body,
        // What fetch wants for a body that is a stream.
        ...{ duplex: 'half' },
        ...(signal === undefined ? {} : { signal }),
      }),
    follow<T>(who: Who, path: string, options: EventStreamOptions<T> = {}) {
      const follower = follow<T>(`${origin}${path}`, { accessToken: () => tokens[who], ...options });
      followers.push(follower);
      return follower;
    },
    stop,
    async close() {
      for (const follower of followers) follower.close();
      await stop();
    },
  };
}

function routesOf({ stack }: Router): (readonly [string, string])[] {
  return stack.flatMap(({ route }) =>
    route === undefined ? [] : route.stack.map(({ method }) => [method.toUpperCase(), route.path] as const),
  );
}

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

/** The API over HTTP. Alice is an administrator, Bob is not. */
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
  /** Like {@link call}, but returns the JSON of the response and rejects if it is an error. */
  json<T>(who: Who, method: string, path: string, body?: unknown): Promise<T>;
  /** Sends a body unchanged. */
  upload(
    who: Who,
    method: string,
    path: string,
    body: BodyInit,
    headers: Readonly<Record<string, string>>,
    signal?: AbortSignal,
  ): Promise<Response>;
  follow<T>(who: Who, path: string, options?: EventStreamOptions<T>): Follower<T>;
  /** Stops the API only: its clients keep reconnecting. */
  stop(): Promise<void>;
  close(): Promise<void>;
}

export interface RunApiOptions {
  readonly emulator: EntraEmulator;
  readonly variables?: Readonly<Record<string, string>>;
  readonly assistant?: Assistant;
  /** The port of an earlier API, to restart there. @default a free port */
  readonly port?: number;
}

/** Repeats its input. */
const echo: Assistant = {
  info: { kind: 'embedded', description: 'Repeats its input, for this test.' },
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
        // fetch requires it for a body that is a stream.
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

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { answering, freePorts, startService, type Service } from './service.ts';

/** The sample tenant and applications of the emulator, as its README lists them. */
const sample = {
  ENTRA_TENANT_ID: 'c0475050-0000-4000-8000-000000000001',
  ENTRA_SPA_CLIENT_ID: '5a9e05fa-0000-4000-8000-0000000000b2',
  ENTRA_API_CLIENT_ID: '5a9e0a91-0000-4000-8000-0000000000a1',
};

export const alice = { name: 'Alice Sample', username: 'alice@contoso.example' };
export const bob = { name: 'Bob Sample', username: 'bob@contoso.example' };
export const dave = { name: 'Dave Sample', username: 'dave@contoso.example' };
export type SampleUser = typeof alice;

/** What a token is made with; see "POST /tokens" in the emulator's README. */
export type TokenRequest = Readonly<Record<string, unknown>>;

/** All of Sillage, on free ports. */
export interface Stack {
  readonly web: string;
  readonly api: string;
  readonly emulator: string;
  /** Kills the API without a shutdown, like a crash. */
  killApi(): Promise<void>;
  startApi(): Promise<void>;
  /** Calls the emulator's control API. */
  control(method: string, path: string, body?: unknown): Promise<unknown>;
  token(request?: TokenRequest): Promise<string>;
  /** Calls the API as a user, without a page. */
  call(user: SampleUser, method: string, path: string, body?: unknown): Promise<unknown>;
  /** The number of sessions that a user has on the server. */
  sessions(user: SampleUser): Promise<number>;
  end(): Promise<void>;
}

export interface StackOptions {
  /** @default 3_600_000 */
  readonly accessTokenLifetimeMs?: number;
  /** @default 'sqlite', in a temporary folder */
  readonly store?: 'memory' | 'sqlite';
  /** More of the API's environment. Called once the ports are known, before anything starts. */
  readonly api?: () => Readonly<Record<string, string>> | Promise<Readonly<Record<string, string>>>;
}

export async function startStack({
  accessTokenLifetimeMs = 3_600_000,
  store = 'sqlite',
  api: apiVariables = () => ({}),
}: StackOptions = {}): Promise<Stack> {
  const [webPort = 0, apiPort = 0, emulatorPort = 0, controlPort = 0] = await freePorts(4);
  const web = `http://localhost:${webPort}`;
  const api = `http://localhost:${apiPort}`;
  const emulator = `http://localhost:${emulatorPort}`;
  const controlOrigin = `http://localhost:${controlPort}`;
  const data = await mkdtemp(join(tmpdir(), 'sillage-e2e-'));
  const more = await apiVariables();
  const services: Service[] = [];

  const start = async (
    script: string,
    url: string,
    variables: Readonly<Record<string, string | number>>,
  ): Promise<Service> => {
    const service = startService(script, { ...sample, ...variables });
    services.push(service);
    await answering(url, service);
    return service;
  };
  const startApi = (): Promise<Service> =>
    start('apps/demo-api/src/main.ts', `${api}/health`, {
      API_PORT: apiPort,
      WEB_ORIGINS: web,
      ENTRA_AUTHORITY: emulator,
      EMULATOR_CONTROL_URL: controlOrigin,
      CLOCK_TOLERANCE_MS: 0,
      STORE: store,
      DATA_DIR: data,
      ...more,
    });

  const end = async (): Promise<void> => {
    await Promise.all(services.map((service) => service.end()));
    await rm(data, { recursive: true, force: true });
  };
  const startEmulator = (): Promise<Service> =>
    start('packages/entra-emulator/dist/bin.js', `${controlOrigin}/health`, {
      EMULATOR_PORT: emulatorPort,
      EMULATOR_CONTROL_PORT: controlPort,
      EMULATOR_ACCESS_TOKEN_LIFETIME_MS: accessTokenLifetimeMs,
    });
  const startWeb = (): Promise<Service> =>
    start('apps/demo-web/server/main.ts', `${web}/config.json`, {
      WEB_PORT: webPort,
      API_URL: api,
      EMULATOR_ORIGIN: emulator,
    });

  // If one does not start, the others are ended.
  let [apiService] = await Promise.all([startApi(), startEmulator(), startWeb()]).catch(async (error: unknown) => {
    await end();
    throw error;
  });
  const control = (method: string, path: string, body?: unknown): Promise<unknown> =>
    request(`${controlOrigin}${path}`, method, {}, body);
  const token = async (wanted: TokenRequest = {}): Promise<string> => {
    const answer = await control('POST', '/tokens', { username: alice.username, scopes: ['Stream.Access'], ...wanted });
    return (answer as { access_token: string }).access_token;
  };
  const call = async (user: SampleUser, method: string, path: string, body?: unknown): Promise<unknown> =>
    request(`${api}${path}`, method, { Authorization: `Bearer ${await token({ username: user.username })}` }, body);

  return {
    web,
    api,
    emulator,
    control,
    token,
    call,
    killApi: () => apiService.end('SIGKILL'),
    startApi: async () => {
      apiService = await startApi();
    },
    sessions: async (user) => {
      const people = (await call(alice, 'GET', '/people')) as { id: string; username: string }[];
      const { byPerson } = (await call(alice, 'GET', '/sessions')) as { byPerson: Record<string, number> };
      return byPerson[people.find(({ username }) => username === user.username)?.id ?? ''] ?? 0;
    },
    end,
  };
}

async function request(url: string, method: string, headers: Record<string, string>, body: unknown): Promise<unknown> {
  const response = await fetch(url, {
    method,
    headers: { ...headers, ...(body === undefined ? {} : { 'Content-Type': 'application/json' }) },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${method} ${url} answered ${response.status}: ${text}`);
  return text === '' ? null : JSON.parse(text);
}

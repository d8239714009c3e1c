import { randomBytes as nodeRandomBytes } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  createAuthorizationCodes,
  createFaults,
  createRefreshTokens,
  createRequestLog,
  createSessions,
  createUserPolicies,
} from './state/index.ts';
import { ControlError, createControlApi, createControls, isLifetime, lifetimeRule } from './control/index.ts';
import type { EmulatorControls } from './control/index.ts';
import { InvalidOptionError } from './emulator-error.ts';
import { createDirectory, SAMPLE_APPLICATIONS, SAMPLE_TENANTS, SAMPLE_USERS } from './directory/index.ts';
import type { Application, Directory, Tenant, User } from './directory/index.ts';
import { createSigningKeys, openIdMetadata } from './keys/index.ts';
import { listen } from './http/index.ts';
import type { Listener } from './http/index.ts';
import type { OpenIdMetadata, SigningKeys } from './keys/index.ts';
import type { Provider } from './provider.ts';
import { createTenantRouter } from './tenant-router.ts';

/** How to start an emulator. */
export interface EntraEmulatorOptions {
  /** The port of the identity provider. @default 0, a free one */
  readonly port?: number;
  /** The port of the control API, always on this machine only. @default 0, a free one */
  readonly controlPort?: number;
  /**
   * Where the identity provider listens. Default: `localhost`, both 127.0.0.1 and ::1, answering to no other host name.
   * With any other value it answers every client that can reach it.
   */
  readonly host?: string;
  /** How long access tokens live, in milliseconds: 1000 to 86,400,000. @default 3,600,000 (an hour) */
  readonly accessTokenLifetimeMs?: number;
  /**
   * How long refresh tokens live from the sign-in on, in milliseconds, fixed and not sliding. Default: 86,400,000, a day, as
   * Entra's for single-page applications.
   */
  readonly refreshTokenLifetimeMs?: number;
  /** @default `SAMPLE_TENANTS` */
  readonly tenants?: readonly Tenant[];
  /** @default `SAMPLE_USERS` */
  readonly users?: readonly User[];
  /** @default `SAMPLE_APPLICATIONS` */
  readonly applications?: readonly Application[];
  /** Origins, such as `https://app.example`, every URL of which is a redirect URI of every single-page application. @default none */
  readonly redirectOrigins?: readonly string[];
  /** The time in milliseconds since 1970. @default `Date.now` */
  readonly now?: () => number;
  /** Random bytes for codes, sessions and names; key pairs take theirs from the platform. @default `node:crypto` */
  readonly randomBytes?: (count: number) => Uint8Array;
  /** Waits for a fault's `delayMs`. The signal fires at `close()`. @default a timer */
  readonly delay?: (ms: number, signal: AbortSignal) => Promise<void>;
}

/** The `auth` part of an MSAL configuration, but for `redirectUri`. */
export interface MsalAuthOptions {
  readonly clientId: string;
  readonly authority: string;
  readonly knownAuthorities: string[];
  readonly authorityMetadata: string;
}

/** A running emulator. */
export interface EntraEmulator extends EmulatorControls {
  /** Where the identity provider is, such as `http://localhost:8400`: also the base of every issuer. */
  readonly origin: string;
  /** Where the control API is. */
  readonly controlOrigin: string;
  /**
   * The authority to give to MSAL. It begins with `https://` because MSAL accepts nothing else; nobody contacts it when
   * `authorityMetadata` is given. For everything but MSAL, the authority is {@link origin}.
   */
  authority(tenantId: string): string;
  /** The metadata of a tenant, of `common` or of `organizations`. @throws ControlError `unknown-tenant` */
  metadata(tenantId: string): OpenIdMetadata;
  /** What to put into `auth` of an MSAL configuration. @throws ControlError `unknown-tenant` */
  msalAuth(options: { tenantId: string; clientId: string }): MsalAuthOptions;
  /** Ends every connection at once. Idempotent. */
  close(): Promise<void>;
}

/**
 * Starts a simulated Microsoft Entra ID. For development and tests only: anyone who reaches it can sign in as any user.
 *
 * @throws InvalidOptionError if an option is wrong; the message has the correction.
 * @throws PortInUseError if another program uses a port.
 */
export async function startEntraEmulator(options: EntraEmulatorOptions = {}): Promise<EntraEmulator> {
  const settings = readOptions(options);
  const { port, controlPort, host, randomBytes, tenants, users, applications } = settings;
  const directory = createDirectory({ tenants, users, applications });
  const keys = await createSigningKeys(randomBytes);
  const closing = new AbortController();
  // The origin is known only once the port is: the handlers are set before any client can know the origin.
  let handle: Handler = starting;
  let handleControl: Handler = starting;
  const listener = await listen({ host, port, option: 'port' }, (request, response) =>
    serve(handle, request, response),
  );
  const control = await listen({ host: 'localhost', port: controlPort, option: 'controlPort' }, (request, response) =>
    serve(handleControl, request, response),
  ).catch(async (error: unknown) => {
    await listener.close();
    throw error;
  });

  const { origin } = listener;
  const provider = createProvider(settings, { listener, directory, keys, signal: closing.signal });
  const controls = createControls(provider);
  handle = createTenantRouter(provider, isLoopback(host) ? 'loopback-only' : 'any');
  handleControl = createControlApi(controls, origin);
  const metadata = (tenantId: string): OpenIdMetadata => metadataOf(provider, tenantId);
  const authority = (tenantId: string) => `${origin.replace('http:', 'https:')}/${tenantId}`;

  return {
    ...controls,
    origin,
    controlOrigin: control.origin,
    authority,
    metadata,
    msalAuth: ({ tenantId, clientId }) => ({
      clientId,
      authority: authority(tenantId),
      knownAuthorities: [new URL(origin).host],
      authorityMetadata: JSON.stringify(metadata(tenantId)),
    }),
    async close() {
      closing.abort();
      await Promise.all([listener.close(), control.close()]);
    },
  };
}

/** The options with their defaults. @throws InvalidOptionError */
function readOptions(options: EntraEmulatorOptions): Required<EntraEmulatorOptions> {
  const { port = 0, controlPort = 0, host = 'localhost', redirectOrigins = [] } = options;
  const { accessTokenLifetimeMs = 3_600_000, refreshTokenLifetimeMs = 86_400_000 } = options;
  const { tenants = SAMPLE_TENANTS, users = SAMPLE_USERS, applications = SAMPLE_APPLICATIONS } = options;
  const { now = Date.now, randomBytes = nodeRandomBytes, delay = defaultDelay } = options;
  if (!isLifetime(accessTokenLifetimeMs)) {
    throw new InvalidOptionError(`accessTokenLifetimeMs is "${accessTokenLifetimeMs}": ${lifetimeRule}`);
  }
  if (!Number.isInteger(refreshTokenLifetimeMs) || refreshTokenLifetimeMs < 1_000) {
    throw new InvalidOptionError(
      `refreshTokenLifetimeMs is "${refreshTokenLifetimeMs}": give whole milliseconds, 1000 or more.`,
    );
  }
  assertOrigins(redirectOrigins);
  return {
    ...{
      port,
      controlPort,
      host,
      redirectOrigins: [...redirectOrigins],
      accessTokenLifetimeMs,
      refreshTokenLifetimeMs,
    },
    ...{ tenants, users, applications, now, randomBytes, delay },
  };
}

function createProvider(
  settings: Required<EntraEmulatorOptions>,
  parts: { listener: Listener; directory: Directory; keys: SigningKeys; signal: AbortSignal },
): Provider {
  const { randomBytes, refreshTokenLifetimeMs, accessTokenLifetimeMs, redirectOrigins, now, delay } = settings;
  const { listener, directory, keys, signal } = parts;
  return {
    origin: listener.origin,
    directory,
    keys,
    sessions: createSessions(randomBytes),
    codes: createAuthorizationCodes(randomBytes),
    refreshTokens: createRefreshTokens(refreshTokenLifetimeMs, randomBytes),
    policies: createUserPolicies(),
    faults: createFaults(),
    log: createRequestLog(),
    redirectOrigins,
    sessionCookie: `entra-emulator-${listener.port}`,
    lifetimes: { accessTokenMs: accessTokenLifetimeMs },
    now,
    randomBytes,
    delay: (ms) => delay(ms, signal),
  };
}

function metadataOf({ directory, origin }: Provider, tenantId: string): OpenIdMetadata {
  const isShared = tenantId === 'common' || tenantId === 'organizations';
  const tenant = isShared ? undefined : directory.tenant(tenantId);
  if (!isShared && tenant === undefined) {
    const known = directory.tenants.map((one) => one.tenantId).join(', ');
    throw new ControlError(
      'unknown-tenant',
      `Tenant "${tenantId}" is unknown: use one of ${known}, common or organizations.`,
    );
  }
  return openIdMetadata(origin, { segment: tenant?.tenantId ?? tenantId, tenantId: tenant?.tenantId, version: 2 });
}

type Handler = (request: IncomingMessage, response: ServerResponse) => Promise<void>;

function serve(handle: Handler, request: IncomingMessage, response: ServerResponse): void {
  handle(request, response).catch(() => {
    // A defect of the emulator, or a client that left in the middle. The cause is not told: it could hold a token.
    if (!response.headersSent) response.writeHead(500);
    response.end();
  });
}

function starting(_request: IncomingMessage, response: ServerResponse): Promise<void> {
  response.writeHead(503, { 'Retry-After': '1' }).end();
  return Promise.resolve();
}

async function defaultDelay(ms: number, signal: AbortSignal): Promise<void> {
  await sleep(ms, undefined, { signal });
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '127.0.0.1' || host === '::1';
}

function assertOrigins(origins: readonly string[]): void {
  for (const origin of origins) {
    if (URL.canParse(origin) && new URL(origin).origin === origin && /^https?:/.test(origin)) continue;
    throw new InvalidOptionError(
      `redirectOrigins has "${origin}": give origins without a path, such as https://app.example.`,
    );
  }
}

import { fileURLToPath } from 'node:url';
import { z } from 'zod';

const port = z.coerce.number().int().min(0).max(65_535);
const perMinute = z.coerce.number().int().min(1);

const environment = z.object({
  /** Where to listen. Not `HOST`: tcsh and conda export that name, with the machine's or the compiler's name in it. */
  SILLAGE_HOST: z.string().default('localhost'),
  API_PORT: port.default(3000),
  /** The origins of the pages that may call, separated by commas. */
  WEB_ORIGINS: z.string().default('http://localhost:4200'),
  /** How many proxies are in front of the API. The rate limit counts the address that the outermost of them saw. */
  TRUST_PROXY: z.coerce.number().int().min(0).default(0),
  ENTRA_TENANT_ID: z.guid(),
  ENTRA_API_CLIENT_ID: z.guid(),
  /** The emulator's origin, to verify its tokens instead of Entra's. */
  ENTRA_AUTHORITY: z.url().default('https://login.microsoftonline.com'),
  /**
   * The control API of the emulator, such as http://localhost:8401. It turns on what only a demo may have: the anonymous stream of the landing page, and
   * the faults of the chaos page. Ignored if tokens come from Entra ID.
   */
  EMULATOR_CONTROL_URL: z.url({ protocol: /^http$/ }).optional(),
  /** Whether chats and documents begin with samples, and a simulated colleague answers in the chat `lobby`. Both are labelled as what they are. */
  SAMPLE_DATA: z.enum(['on', 'off']).default('off'),
  /** How much the clocks of the issuer and of this API may differ. Microsoft's default is five minutes. */
  CLOCK_TOLERANCE_MS: z.coerce.number().int().min(0).default(300_000),
  /** The minimum time between two requests for signing keys because of an unknown key. Until then, such a token is answered by 503. */
  KEY_FETCH_INTERVAL_MS: z.coerce.number().int().min(1).default(10_000),
  /**
   * Where events are. `sqlite` survives a restart, `memory` keeps nothing; with `postgres` and `redis`, several processes serve the same events. What
   * the demo itself remembers (chats, documents, users) is in SQLite but for `memory`.
   */
  STORE: z.enum(['sqlite', 'memory', 'postgres', 'redis']).default('sqlite'),
  /** The database of `STORE=postgres`. */
  DATABASE_URL: z.url({ protocol: /^postgres(ql)?$/ }).default('postgres://localhost:5432/postgres'),
  /** The server of `STORE=redis`. */
  REDIS_URL: z.url({ protocol: /^rediss?$/ }).default('redis://localhost:6379'),
  /** The folder of what is in SQLite. With `STORE=sqlite`, one API process at a time may use it. */
  DATA_DIR: z.string().default(fileURLToPath(new URL('../../../.data', import.meta.url))),
  /** Names one of several processes that share `DATA_DIR`. Imports are of one process: each has a folder for its own. */
  NODE_NAME: z
    .string()
    .regex(/^[a-z0-9]{0,16}$/)
    .default(''),
  /** What stays free on the disk. Past it, new work is answered by 507, and uploads end. */
  DISK_RESERVE_BYTES: z.coerce
    .number()
    .int()
    .min(0)
    .default(64 * 2 ** 20),
  /**
   * How long clients have to move to another API process when this one gets SIGTERM, in ms. 0 ends their connections at once: right if there is no
   * other process.
   */
  DRAIN_WINDOW_MS: z.coerce.number().int().min(0).default(0),
  /** Serves `/healthz`, `/readyz` and `/metrics` on this port of the loopback interface: platforms and Prometheus reach it, and users do not. */
  OPERATIONS_PORT: port.optional(),
  HEARTBEAT_MS: z.coerce.number().int().min(100).default(15_000),
  /** The interval of measurements, price changes and telemetry. */
  SAMPLE_INTERVAL_MS: z.coerce.number().int().min(10).default(1_000),
  /** How long an import waits for more of its file. */
  UPLOAD_SILENCE_MS: z.coerce.number().int().min(10).default(300_000),
  LOG_LEVEL: z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']).default('info'),
  /** Ordinary requests of one user. */
  RATE_LIMIT_REQUESTS: perMinute.default(3_000),
  /** Connection attempts of one user to streams. */
  RATE_LIMIT_STREAMS: perMinute.default(300),
  /** Requests from one address, counted before the token is verified. */
  RATE_LIMIT_ADDRESS: perMinute.default(12_000),
  /** An MQTT broker, such as mqtt://broker.example; without it, an embedded one with simulated devices. */
  MQTT_URL: z.url({ protocol: /^(mqtts?|wss?|tcp|ssl)$/ }).optional(),
  /** An OpenAI-compatible API, such as https://api.example/v1; without it, the embedded assistant answers. */
  OPENAI_BASE_URL: z.url().optional(),
  OPENAI_API_KEY: z.string().min(1).optional(),
  OPENAI_MODEL: z.string().default('gpt-4o-mini'),
});

/** The configuration, read from the environment. */
export type Config = z.infer<typeof environment>;

/** The emulator's control API in demo mode; `undefined` in every other mode. */
export function emulatorControlOf({ ENTRA_AUTHORITY, EMULATOR_CONTROL_URL }: Config): string | undefined {
  return isEmulated(ENTRA_AUTHORITY) ? EMULATOR_CONTROL_URL?.replace(/\/$/, '') : undefined;
}

/** Whether an authority is the emulator instead of Entra ID. */
export function isEmulated(authority: string): boolean {
  return !authority.startsWith('https://login.microsoftonline.');
}

/** Reads the environment. @throws with one line for each variable that is wrong. */
export function readConfig(variables: Readonly<Record<string, string | undefined>>): Config {
  const given = Object.fromEntries(Object.entries(variables).filter(([, value]) => value !== ''));
  const { success, data, error } = environment.safeParse(given);
  if (success) return data;
  throw new Error(error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`).join('\n'));
}

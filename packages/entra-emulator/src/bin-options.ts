import { parseArgs } from 'node:util';
import { isLifetime, lifetimeRule } from './control/index.ts';
import type { EntraEmulatorOptions } from './emulator.ts';

/** The ports of the command, fixed so that an application's configuration can name them. */
const defaultPort = 8400;
const defaultControlPort = 8401;

/** What `--help` prints. */
export const helpText = `entra-emulator: a local identity provider shaped like Microsoft Entra ID. For development and tests only.

  --port <n>                       EMULATOR_PORT                      default ${defaultPort}; 0: a free one
  --control-port <n>               EMULATOR_CONTROL_PORT              default ${defaultControlPort}; 0: a free one
  --host <name>                    SILLAGE_HOST                       default localhost, and no other host name
  --access-token-lifetime-ms <n>   EMULATOR_ACCESS_TOKEN_LIFETIME_MS  default 3600000
  --redirect-origin <origin>       EMULATOR_REDIRECT_ORIGINS          may be repeated; in the variable, separated by commas
  --help

A flag wins over its variable. When ready, it prints one line of JSON with "origin" and "controlOrigin".
`;

/** What the command line and the environment ask for. */
export type BinRequest =
  | { readonly kind: 'help' }
  | { readonly kind: 'wrong'; readonly message: string }
  | { readonly kind: 'start'; readonly options: EntraEmulatorOptions };

/** Reads flags and environment variables. */
export function parseBin(args: readonly string[], env: Readonly<Record<string, string | undefined>>): BinRequest {
  let values;
  try {
    ({ values } = parseArgs({
      args: [...args],
      options: {
        port: { type: 'string' },
        'control-port': { type: 'string' },
        host: { type: 'string' },
        'access-token-lifetime-ms': { type: 'string' },
        'redirect-origin': { type: 'string', multiple: true },
        help: { type: 'boolean', short: 'h' },
      },
    }));
  } catch (error) {
    // parseArgs throws only for what the user typed, and its message names it.
    return { kind: 'wrong', message: `${error instanceof Error ? error.message : String(error)} See --help.` };
  }
  if (values.help === true) return { kind: 'help' };

  const port = readPort(values.port ?? nonEmpty(env.EMULATOR_PORT), defaultPort);
  if (port === undefined) return wrong('EMULATOR_PORT (--port)', 'a port from 0 to 65535');
  const controlPort = readPort(values['control-port'] ?? nonEmpty(env.EMULATOR_CONTROL_PORT), defaultControlPort);
  if (controlPort === undefined) return wrong('EMULATOR_CONTROL_PORT (--control-port)', 'a port from 0 to 65535');
  const lifetime = values['access-token-lifetime-ms'] ?? nonEmpty(env.EMULATOR_ACCESS_TOKEN_LIFETIME_MS) ?? '3600000';
  const accessTokenLifetimeMs = Number(lifetime);
  if (!isLifetime(accessTokenLifetimeMs)) {
    const name = 'EMULATOR_ACCESS_TOKEN_LIFETIME_MS (--access-token-lifetime-ms)';
    return { kind: 'wrong', message: `${name} is wrong: ${lifetimeRule}` };
  }
  const fromEnv = (env.EMULATOR_REDIRECT_ORIGINS ?? '').split(',').map((one) => one.trim());
  const redirectOrigins = values['redirect-origin'] ?? fromEnv.filter(Boolean);
  const host = values.host ?? nonEmpty(env.SILLAGE_HOST) ?? 'localhost';
  return { kind: 'start', options: { port, controlPort, host, accessTokenLifetimeMs, redirectOrigins } };
}

function readPort(text: string | undefined, otherwise: number): number | undefined {
  if (text === undefined) return otherwise;
  const port = /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN;
  return port <= 65_535 ? port : undefined;
}

function nonEmpty(text: string | undefined): string | undefined {
  return text === '' ? undefined : text;
}

function wrong(name: string, what: string): BinRequest {
  return { kind: 'wrong', message: `${name} is wrong: give ${what}.` };
}

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { CONTOSO, SAMPLE_API, type EntraEmulator } from '@sillage/entra-emulator';

/** The API in a separate process, which can be killed. */
export interface ApiProcess {
  readonly port: number;
  /** Resolves with how it exited: its code, and its signal. */
  end(signal: 'SIGTERM' | 'SIGKILL'): Promise<unknown[]>;
}

/** Resolves once it listens. @param variables of the environment, such as the `API_PORT` of an earlier process. */
export async function startApiProcess(
  emulator: EntraEmulator,
  folder: string,
  variables: Readonly<Record<string, string>> = {},
): Promise<ApiProcess> {
  const child = spawn(process.execPath, [fileURLToPath(new URL('main.ts', import.meta.url))], {
    env: {
      ENTRA_TENANT_ID: CONTOSO.tenantId,
      ENTRA_API_CLIENT_ID: SAMPLE_API.clientId,
      ENTRA_AUTHORITY: emulator.origin,
      API_PORT: '0',
      DATA_DIR: folder,
      ...variables,
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const exited = once(child, 'exit');
  let listensAt = 0;
  for await (const line of createInterface(child.stdout)) {
    const { msg, address } = JSON.parse(line) as { msg: string; address?: { port: number } };
    if (msg !== 'listening') continue;
    listensAt = address?.port ?? 0;
    break;
  }
  if (listensAt === 0) throw new Error(`The API exited before it listened: ${String(await exited)}`);
  child.stdout.resume();
  return {
    port: listensAt,
    end(signal) {
      child.kill(signal);
      return exited;
    },
  };
}

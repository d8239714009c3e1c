import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { EntraEmulatorError } from '../emulator-error.ts';

/** Attempts to find one free port for both of localhost's addresses. */
const maxAttempts = 5;

/** A port that another program listens on. */
export class PortInUseError extends EntraEmulatorError<'port-in-use'> {
  override readonly name = 'PortInUseError';
  readonly port: number;
  /** The option that chose the port. */
  readonly option: 'port' | 'controlPort';

  constructor(port: number, option: 'port' | 'controlPort', cause: unknown) {
    const message = `Port ${port} is in use by another program: free it, or choose another with the option ${option}.`;
    super('port-in-use', message, { cause });
    this.port = port;
    this.option = option;
  }
}

/** Whether a value says that a port is in use. It looks at the code, so that it works across copies of the package. */
export function isPortInUseError(value: unknown): value is PortInUseError {
  return value instanceof Error && 'code' in value && value.code === 'port-in-use';
}

export interface Listener {
  readonly port: number;
  readonly origin: string;
  /** Ends every connection at once, idle or not. Idempotent. */
  close(): Promise<void>;
}

/**
 * Listens. `localhost` means both 127.0.0.1 and, where the machine has it, ::1 on the same port: browsers try either, and
 * another program on one of them would get half of our requests.
 *
 * @throws PortInUseError if another program uses the port.
 */
export async function listen(
  options: { host: string; port: number; option: 'port' | 'controlPort' },
  handler: (request: IncomingMessage, response: ServerResponse) => void,
): Promise<Listener> {
  const { host, port, option } = options;
  for (let attempt = 1; ; attempt++) {
    const first = createServer(handler);
    const servers = [first];
    try {
      await listening(first, host === 'localhost' ? '127.0.0.1' : host, port);
      const bound = (first.address() as AddressInfo).port;
      if (host === 'localhost') {
        const second = createServer(handler);
        if ((await listenIfPossible(second, '::1', bound)) === 'listening') servers.push(second);
      }
      return { port: bound, origin: `http://${originHost(host)}:${bound}`, close: closeOnce(servers) };
    } catch (error) {
      await closeOnce(servers)();
      if (!hasCode(error, 'EADDRINUSE')) throw error;
      // A free port on one address may be taken on the other: another one will be free on both.
      if (port === 0 && attempt < maxAttempts) continue;
      throw new PortInUseError(port, option, error);
    }
  }
}

function listening(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host, port }, () => {
      server.off('error', reject);
      resolve();
    });
  });
}

async function listenIfPossible(server: Server, host: string, port: number): Promise<'listening' | 'impossible'> {
  try {
    await listening(server, host, port);
    return 'listening';
  } catch (error) {
    // A machine without IPv6 has no ::1; then localhost is 127.0.0.1 alone.
    if (hasCode(error, 'EADDRNOTAVAIL') || hasCode(error, 'EAFNOSUPPORT')) return 'impossible';
    throw error;
  }
}

function closeOnce(servers: readonly Server[]): () => Promise<void> {
  let closed: Promise<void> | undefined;
  return () => (closed ??= Promise.all(servers.map(closeServer)).then(() => undefined));
}

function closeServer(server: Server): Promise<void> {
  return new Promise((resolve) => {
    // The only error is that the server was not listening, which is what is wanted.
    server.close(() => resolve());
    server.closeAllConnections();
  });
}

/** A client cannot connect to 0.0.0.0 or ::. */
function originHost(host: string): string {
  if (host === '0.0.0.0' || host === '::') return 'localhost';
  return host.includes(':') ? `[${host}]` : host;
}

function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}

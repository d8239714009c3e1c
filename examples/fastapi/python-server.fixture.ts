import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { fileURLToPath } from 'node:url';

/** Debian's own Python: its packages are not available to another Python installation. */
const python = process.env.PYTHON ?? '/usr/bin/python3';

/** Why the example cannot run here; `null` if it can. */
export function missingPython(): string | null {
  const { status } = spawnSync(python, ['-c', 'import fastapi, uvicorn, jwt, cryptography']);
  if (status === 0) return null;
  return `The tests of the FastAPI example are skipped: ${python} has no fastapi, uvicorn, PyJWT and cryptography (on Debian: apt-get install python3-fastapi python3-uvicorn python3-jwt python3-cryptography).`;
}

export interface PythonServer {
  /** The server itself, without the proxy. */
  readonly origin: string;
  restart(): Promise<void>;
  /** Sends SIGTERM, and resolves with the exit code and the signal once the process has ended. */
  terminate(): Promise<unknown[]>;
  end(): Promise<void>;
}

/** Starts `server.py`, on a free port that it keeps over restarts. */
export async function startPythonServer(variables: Readonly<Record<string, string>>): Promise<PythonServer> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address() as AddressInfo;
  await new Promise((resolve) => probe.close(resolve));
  const origin = `http://127.0.0.1:${port}`;
  let child: ChildProcess;

  const start = async (): Promise<void> => {
    child = spawn(python, ['server.py'], {
      cwd: fileURLToPath(new URL('.', import.meta.url)),
      env: { ...process.env, ...variables, PORT: String(port), PYTHONDONTWRITEBYTECODE: '1' },
      stdio: ['ignore', 'inherit', 'inherit'],
    });
    while ((await fetch(`${origin}/health`).catch(() => null))?.ok !== true) {
      if (child.exitCode !== null) throw new Error(`server.py exited with ${child.exitCode}.`);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  };
  const end = async (): Promise<void> => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    // A restart that loses the log needs no orderly shutdown.
    child.kill('SIGKILL');
    await once(child, 'close');
  };
  await start();
  return {
    origin,
    end,
    terminate: () => {
      child.kill('SIGTERM');
      return once(child, 'close');
    },
    restart: async () => {
      await end();
      await start();
    },
  };
}

/** A proxy between a client and a server that can cut every connection, as a network failure does. */
export async function startCuttingProxy(target: string): Promise<{ origin: string; cut(): void; end(): void }> {
  const { hostname, port } = new URL(target);
  const sockets = new Set<Socket>();
  const server = createServer((near) => {
    const far = connect(Number(port), hostname);
    for (const [one, other] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(one);
      one.on('error', () => other.destroy());
      one.on('close', () => {
        sockets.delete(one);
        other.destroy();
      });
      one.pipe(other);
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const cut = (): void => {
    for (const socket of sockets) socket.destroy();
  };
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    cut,
    end: () => {
      cut();
      server.close();
    },
  };
}

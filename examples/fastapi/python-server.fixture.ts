import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { fileURLToPath } from 'node:url';

/** Debian's own Python: its packages are there, and not in one that somebody built beside it. */
const python = process.env.PYTHON ?? '/usr/bin/python3';

/** Why the example cannot run here; `null` where it can. */
export function missingPython(): string | null {
  const { status } = spawnSync(python, ['-c', 'import fastapi, uvicorn, jwt, cryptography']);
  if (status === 0) return null;
  return `FastAPI's scenarios are left out: ${python} has no fastapi, uvicorn, PyJWT and cryptography (on Debian: apt-get install python3-fastapi python3-uvicorn python3-jwt python3-cryptography).`;
}

export interface PythonServer {
  /** Straight to the server. */
  readonly origin: string;
  restart(): Promise<void>;
  end(): Promise<void>;
}

/** Starts `server.py` under uvicorn, on a port of its own that it keeps over restarts. */
export async function startPythonServer(variables: Readonly<Record<string, string>>): Promise<PythonServer> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address() as AddressInfo;
  await new Promise((resolve) => probe.close(resolve));
  const origin = `http://127.0.0.1:${port}`;
  let child: ChildProcess;

  const start = async (): Promise<void> => {
    child = spawn(
      python,
      ['-m', 'uvicorn', 'server:app', '--port', String(port), '--log-level', 'warning', '--timeout-keep-alive', '1'],
      {
        cwd: fileURLToPath(new URL('.', import.meta.url)),
        env: { ...process.env, ...variables, PYTHONDONTWRITEBYTECODE: '1' },
        stdio: ['ignore', 'inherit', 'inherit'],
      },
    );
    while ((await fetch(`${origin}/health`).catch(() => null))?.ok !== true) {
      if (child.exitCode !== null) throw new Error(`uvicorn ended with ${child.exitCode}.`);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  };
  const end = async (): Promise<void> => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    // uvicorn waits for open streams at SIGTERM; a restart that loses the log needs no farewell.
    child.kill('SIGKILL');
    await once(child, 'close');
  };
  await start();
  return {
    origin,
    end,
    restart: async () => {
      await end();
      await start();
    },
  };
}

/** Stands between a client and a server, and cuts what passes through it, as a network does. */
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

import { execFile, execFileSync } from 'node:child_process';
import { chmodSync, chownSync, existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { ClientConfig } from 'pg';
import { freePort } from '../free-port.fixture.ts';

const run = promisify(execFile);

/** A real PostgreSQL server for tests, in a temporary folder, on a free port of the loopback interface. */
export interface PostgresServer {
  readonly config: ClientConfig & { readonly host: string; readonly port: number };
  /** Starts it again after `stop`. */
  start(): Promise<void>;
  /** @param mode `'immediate'` is like a power cut, without the loss of what was flushed. */
  stop(mode?: 'fast' | 'immediate'): Promise<void>;
  /** Copies the files of the stopped server, and returns a function that puts them back. */
  backUp(): () => void;
  /** Makes the stopped server another one: it starts as a promoted replica would. */
  promote(): Promise<void>;
  remove(): Promise<void>;
}

export async function startPostgres(...settings: readonly string[]): Promise<PostgresServer> {
  const bin = findBinaries();
  const folder = mkdtempSync(join(tmpdir(), 'sillage-postgres-'));
  const data = join(folder, 'data');
  const port = await freePort();
  // The server refuses to run as root.
  const asUser = (program: string, ...args: string[]): Promise<unknown> =>
    process.getuid?.() === 0
      ? run('runuser', ['-u', 'postgres', '--', join(bin, program), ...args])
      : run(join(bin, program), args);
  const own = (path: string): void => {
    if (process.getuid?.() === 0) chownSync(path, Number(execFileSync('id', ['-u', 'postgres'])), 0);
  };
  own(folder);
  await asUser('initdb', '-D', data, '-U', 'sillage', '-A', 'trust', '-E', 'UTF8', '--locale=C', '--no-sync');
  const flags = [`port=${port}`, 'listen_addresses=127.0.0.1', `unix_socket_directories=${folder}`, ...settings];
  const server: PostgresServer = {
    config: { host: '127.0.0.1', port, user: 'sillage', database: 'postgres' },
    async start() {
      const log = join(folder, 'server.log');
      await asUser('pg_ctl', '-D', data, '-l', log, '-o', flags.map((flag) => `-c ${flag}`).join(' '), '-w', 'start');
    },
    async stop(mode = 'fast') {
      await asUser('pg_ctl', '-D', data, '-m', mode, '-w', 'stop');
    },
    backUp() {
      const copy = mkdtempSync(join(folder, 'backup-'));
      execFileSync('cp', ['-a', `${data}/.`, copy]);
      chmodSync(copy, 0o700);
      own(copy);
      return () => {
        rmSync(data, { recursive: true });
        execFileSync('cp', ['-a', copy, data]);
      };
    },
    async promote() {
      writeFileSync(join(data, 'standby.signal'), '');
      own(join(data, 'standby.signal'));
      await server.start();
      await asUser('pg_ctl', '-D', data, '-w', 'promote');
    },
    async remove() {
      await server.stop('immediate').catch(() => undefined);
      rmSync(folder, { recursive: true, force: true });
    },
  };
  await server.start();
  return server;
}

function findBinaries(): string {
  const binaries = newestBinaries();
  if (binaries !== undefined) return binaries;
  throw new Error(
    'These tests need a PostgreSQL server. "npm test" installs it as root on Debian; else install postgresql.',
  );
}

function newestBinaries(): string | undefined {
  const root = '/usr/lib/postgresql';
  if (!existsSync(root)) return undefined;
  return readdirSync(root)
    .sort((left, right) => Number(right) - Number(left))
    .map((version) => join(root, version, 'bin'))
    .find((bin) => existsSync(join(bin, 'initdb')));
}

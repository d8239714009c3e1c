import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { helpText, parseBin } from './bin-options.ts';

describe('the command', () => {
  it('starts on its fixed ports unless told otherwise', () => {
    expect(parseBin([], {})).toEqual({
      kind: 'start',
      options: {
        port: 8400,
        controlPort: 8401,
        host: 'localhost',
        accessTokenLifetimeMs: 3_600_000,
        redirectOrigins: [],
      },
    });
  });

  it('ignores HOST, which tcsh and conda export for another purpose', () => {
    expect(parseBin([], { HOST: 'build-7.example' })).toMatchObject({ options: { host: 'localhost' } });
  });

  it('reads variables, and flags before them', () => {
    const env = {
      EMULATOR_PORT: '1000',
      EMULATOR_CONTROL_PORT: '1001',
      SILLAGE_HOST: '0.0.0.0',
      EMULATOR_ACCESS_TOKEN_LIFETIME_MS: '10000',
      EMULATOR_REDIRECT_ORIGINS: 'https://a.example, https://b.example',
    };
    const options = {
      port: 1000,
      controlPort: 1001,
      host: '0.0.0.0',
      accessTokenLifetimeMs: 10_000,
      redirectOrigins: ['https://a.example', 'https://b.example'],
    };
    expect(parseBin([], env)).toEqual({ kind: 'start', options });
    const args = [
      '--port=0',
      '--host',
      'localhost',
      '--redirect-origin=https://c.example',
      '--access-token-lifetime-ms=5000',
    ];
    expect(parseBin(args, env)).toEqual({
      kind: 'start',
      options: {
        ...options,
        port: 0,
        host: 'localhost',
        accessTokenLifetimeMs: 5_000,
        redirectOrigins: ['https://c.example'],
      },
    });
  });

  it.each([
    [['--port=seventy'], {}, /EMULATOR_PORT \(--port\) is wrong: give a port/],
    [['--control-port=99999'], {}, /EMULATOR_CONTROL_PORT/],
    [[], { EMULATOR_ACCESS_TOKEN_LIFETIME_MS: '1h' }, /EMULATOR_ACCESS_TOKEN_LIFETIME_MS/],
    [['--prot=1'], {}, /--prot.*See --help/],
  ])('refuses %o with %o in one sentence', (args, env, message) => {
    const request = parseBin(args, env);
    expect(request.kind === 'wrong' && request.message).toMatch(message);
  });

  it('explains every flag', () => {
    expect(parseBin(['--help'], {})).toEqual({ kind: 'help' });
    for (const flag of ['port', 'control-port', 'host', 'access-token-lifetime-ms', 'redirect-origin']) {
      expect(helpText).toContain(`--${flag} `);
    }
  });
});

describe('the running command', () => {
  const start = (env: Record<string, string>) => {
    const child = spawn(process.execPath, [fileURLToPath(new URL('bin.ts', import.meta.url))], {
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const output = { out: '', err: '' };
    child.stdout.on('data', (chunk: Buffer) => (output.out += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (output.err += chunk.toString()));
    return { child, output, exit: once(child, 'exit') as Promise<[number | null, string | null]> };
  };

  it('says where it is in one line, refuses a taken port in one sentence, and ends at SIGTERM', async () => {
    const first = start({ EMULATOR_PORT: '0', EMULATOR_CONTROL_PORT: '0', SILLAGE_HOST: '' });
    await expect.poll(() => first.output.out, { timeout: 10_000 }).toMatch(/\n$/);
    const ready = JSON.parse(first.output.out) as { ready: string; origin: string; controlOrigin: string };
    expect(ready.ready).toBe('entra-emulator');
    expect((await fetch(`${ready.controlOrigin}/health`)).status).toBe(200);

    const { port } = new URL(ready.origin);
    const second = start({ EMULATOR_PORT: '0', EMULATOR_CONTROL_PORT: port, SILLAGE_HOST: '' });
    expect(await second.exit).toEqual([1, null]);
    expect(second.output.err).toBe(
      `entra-emulator: Port ${port} is in use by another program: free it, or set EMULATOR_CONTROL_PORT to another.\n`,
    );

    first.child.kill('SIGTERM');
    expect(await first.exit).toEqual([0, null]);
  }, 30_000);
});

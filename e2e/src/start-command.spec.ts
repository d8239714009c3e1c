import { createServer } from 'node:net';
import { describe, expect, it } from 'vitest';
import { freePorts, startService } from './service.ts';

/** Without the variables that CI or a developer may have set: the command must work without any. */
const names = ['WEB_PORT', 'API_PORT', 'EMULATOR_PORT', 'EMULATOR_CONTROL_PORT'] as const;

async function ports(): Promise<Record<(typeof names)[number], number>> {
  const free = await freePorts(names.length);
  return Object.fromEntries(names.map((name, index) => [name, free[index] ?? 0])) as Record<
    (typeof names)[number],
    number
  >;
}

describe('npm start', () => {
  it('says where it is ready, answers there, and leaves nothing running when it is stopped', async () => {
    const chosen = await ports();
    const service = startService('scripts/start.mjs', { ...chosen, STORE: 'memory' });
    const web = `http://localhost:${chosen.WEB_PORT}`;
    await expect.poll(service.printed, { timeout: 60_000 }).toContain(`Sillage is ready: ${web}`);
    expect(service.printed()).toContain('simulated');
    expect(await (await fetch(web)).text()).toContain('<app-root');
    expect(await (await fetch(`${web}/config.json`)).json()).toMatchObject({
      identityProvider: 'emulator',
      apiUrl: `http://localhost:${chosen.API_PORT}`,
    });
    await service.end('SIGINT');
    for (const port of Object.values(chosen)) await expect(fetch(`http://localhost:${port}/`)).rejects.toThrow();
  });

  it('names a port that is taken, and how to choose another', async () => {
    const chosen = await ports();
    const taken = createServer();
    await new Promise<void>((resolve) => taken.listen(chosen.API_PORT, 'localhost', resolve));
    const service = startService('scripts/start.mjs', { ...chosen, STORE: 'memory' });
    await expect.poll(() => service.child.exitCode).toBe(1);
    expect(service.printed()).toContain(
      `Port ${chosen.API_PORT} is taken: stop what uses it, or set API_PORT to a free port.`,
    );
    await new Promise((resolve) => taken.close(resolve));
  });

  it('says what is missing of a real tenant', async () => {
    const service = startService('scripts/start.mjs', {
      ...(await ports()),
      ENTRA_TENANT_ID: 'c0475050-0000-4000-8000-000000000001',
    });
    await expect.poll(() => service.child.exitCode).toBe(1);
    expect(service.printed()).toContain('set ENTRA_SPA_CLIENT_ID and ENTRA_API_CLIENT_ID too');
  });

  it('uses a real tenant when it is given one, and says so', async () => {
    const chosen = await ports();
    const tenant = '11111111-1111-4111-8111-111111111111';
    const service = startService('scripts/start.mjs', {
      ...chosen,
      STORE: 'memory',
      ENTRA_TENANT_ID: tenant,
      ENTRA_SPA_CLIENT_ID: '22222222-2222-4222-8222-222222222222',
      ENTRA_API_CLIENT_ID: '33333333-3333-4333-8333-333333333333',
    });
    await expect.poll(service.printed, { timeout: 60_000 }).toContain('Sillage is ready');
    expect(service.printed()).toContain(`Sign-in is Microsoft Entra ID, tenant ${tenant}.`);
    const config: unknown = await (await fetch(`http://localhost:${chosen.WEB_PORT}/config.json`)).json();
    expect(config).toMatchObject({
      identityProvider: 'entra',
      auth: { authority: `https://login.microsoftonline.com/${tenant}` },
    });
    await expect(fetch(`http://localhost:${chosen.EMULATOR_PORT}/`)).rejects.toThrow();
    await service.end('SIGINT');
  });
});

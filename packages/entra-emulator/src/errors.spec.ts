import { createServer } from 'node:net';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { describe, expect, it } from 'vitest';
import { EntraEmulatorError, isControlError, isEmulatorError, isPortInUseError, startEntraEmulator } from './index.ts';

const failureOf = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => undefined,
    (error: unknown) => error,
  );

describe('the errors of the package', () => {
  it.each([
    [{ accessTokenLifetimeMs: 5 }, /accessTokenLifetimeMs is "5"/],
    [{ refreshTokenLifetimeMs: 5 }, /refreshTokenLifetimeMs is "5"/],
    [{ redirectOrigins: ['app.example'] }, /redirectOrigins has "app.example"/],
    [{ tenants: [] }, /tenants is empty/],
    [{ applications: [] }, /needs one of kind "api"/],
  ])('name the wrong option and its value: %o', async (options, message) => {
    const error = await failureOf(startEntraEmulator(options));
    expect(error).toBeInstanceOf(EntraEmulatorError);
    expect(error).toMatchObject({ code: 'invalid-option', message: expect.stringMatching(message) as string });
  });

  it('have a code, a cause and a guard for a port that is in use', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const error = await failureOf(startEntraEmulator({ port }));
    expect(error).toMatchObject({ code: 'port-in-use', port, option: 'port', cause: { code: 'EADDRINUSE' } });
    expect([isPortInUseError(error), isEmulatorError(error)]).toEqual([true, true]);
    server.close();
  });

  it('have a code for an unknown tenant and an unknown user', async () => {
    const emulator = await startEntraEmulator();
    expect(() => emulator.metadata('x')).toThrow(expect.objectContaining({ code: 'unknown-tenant' }));
    expect(() => emulator.revokeUser('x')).toThrow(expect.objectContaining({ code: 'unknown-user', status: 404 }));
    await emulator.close();
  });

  it('are recognised by their code, also those of another copy of the package', () => {
    const foreign = Object.assign(new Error('from another copy'), { code: 'unknown-user', status: 404 });
    expect([isEmulatorError(foreign), isControlError(foreign), isPortInUseError(foreign)]).toEqual([true, true, false]);
    for (const other of [new Error('x'), Object.assign(new Error('x'), { code: 'ENOENT' }), { code: 'unknown-user' }]) {
      expect([isEmulatorError(other), isControlError(other), isPortInUseError(other)]).toEqual([false, false, false]);
    }
  });
});

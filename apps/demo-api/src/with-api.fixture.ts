import { startEntraEmulator, type EntraEmulator } from '@sillage/entra-emulator';
import { afterAll, beforeAll } from 'vitest';
import { runApi, type RunningApi, type RunApiOptions } from './demo-api.fixture.ts';

export interface Held {
  readonly emulator: EntraEmulator;
  readonly api: RunningApi;
}

/** An API for all tests of a `describe`. */
export function withApi(
  options: () => Omit<RunApiOptions, 'emulator'> | Promise<Omit<RunApiOptions, 'emulator'>> = () => ({}),
): Held {
  const held = {} as { emulator: EntraEmulator; api: RunningApi };
  beforeAll(async () => {
    held.emulator = await startEntraEmulator();
    held.api = await runApi({ emulator: held.emulator, ...(await options()) });
  });
  afterAll(async () => {
    await held.api.close();
    await held.emulator.close();
  });
  return held;
}

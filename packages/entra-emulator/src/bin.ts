#!/usr/bin/env node
import { helpText, parseBin } from './bin-options.ts';
import { startEntraEmulator } from './emulator.ts';
import type { EntraEmulator, EntraEmulatorOptions } from './emulator.ts';
import { isPortInUseError } from './http/index.ts';

const variableNames = { port: 'EMULATOR_PORT', controlPort: 'EMULATOR_CONTROL_PORT' };

const request = parseBin(process.argv.slice(2), process.env);
if (request.kind === 'help') process.stdout.write(helpText);
else if (request.kind === 'wrong') fail(request.message);
else await run(request.options);

async function run(options: EntraEmulatorOptions): Promise<void> {
  let emulator: EntraEmulator;
  try {
    emulator = await startEntraEmulator(options);
  } catch (error) {
    if (isPortInUseError(error)) {
      fail(
        `Port ${error.port} is in use by another program: free it, or set ${variableNames[error.option]} to another.`,
      );
    } else {
      fail(error instanceof Error ? error.message : String(error));
    }
    return;
  }
  const { origin, controlOrigin } = emulator;
  process.stdout.write(`${JSON.stringify({ ready: 'entra-emulator', origin, controlOrigin })}\n`);
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void emulator.close());
}

function fail(message: string): void {
  process.stderr.write(`entra-emulator: ${message}\n`);
  process.exitCode = 1;
}

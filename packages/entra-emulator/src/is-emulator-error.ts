import type { ControlError } from './control/index.ts';
import { emulatorErrorCodes, type InvalidOptionError } from './emulator-error.ts';
import type { PortInUseError } from './http/index.ts';

/** Every error that this package throws, to be distinguished by `code`. */
export type EmulatorError = ControlError | InvalidOptionError | PortInUseError;

/**
 * Whether a value is an error of this package. It looks at the code and not at the class, so that it works across copies of the package.
 *
 * @example
 * try {
 *   await startEntraEmulator({ port: 8400 });
 * } catch (error) {
 *   if (!isEmulatorError(error) || error.code !== 'port-in-use') throw error;
 *   console.error(`Port ${error.port} is in use.`);
 * }
 */
export function isEmulatorError(value: unknown): value is EmulatorError {
  return value instanceof Error && 'code' in value && emulatorErrorCodes.some((code) => code === value.code);
}

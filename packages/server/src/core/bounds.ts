import { ConfigurationError } from './errors.ts';

/**
 * Checks options that limit something: each must be a whole number.
 *
 * @throws ConfigurationError which names the option and its value.
 *
 * @example checkBounds({ maxEvents, maxBytes });
 */
export function checkBounds(bounds: Readonly<Record<string, number>>, minimum = 1): void {
  for (const [name, value] of Object.entries(bounds)) {
    if (!Number.isSafeInteger(value) || value < minimum) {
      throw new ConfigurationError(`${name} is ${String(value)}. Pass a whole number of at least ${minimum}.`);
    }
  }
}

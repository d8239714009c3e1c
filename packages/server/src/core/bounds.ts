import { ConfigurationError } from './errors.ts';

/**
 * Checks options that limit something: each must be a whole number of at least 1.
 *
 * @throws ConfigurationError which names the option and its value.
 *
 * @example checkBounds({ maxEvents, maxBytes });
 */
export function checkBounds(bounds: Readonly<Record<string, number>>): void {
  for (const [name, value] of Object.entries(bounds)) {
    if (!Number.isSafeInteger(value) || value < 1) {
      throw new ConfigurationError(`${name} is ${String(value)}. Pass a whole number of at least 1.`);
    }
  }
}

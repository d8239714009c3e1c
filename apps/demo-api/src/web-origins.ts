import type { CorsOptions } from '@sillage/server';
import type { Config } from './config.ts';

/** Who may call from a browser. */
export function corsOf({ WEB_ORIGINS }: Pick<Config, 'WEB_ORIGINS'>): CorsOptions {
  return { origins: WEB_ORIGINS.split(',').map((origin) => origin.trim()) };
}

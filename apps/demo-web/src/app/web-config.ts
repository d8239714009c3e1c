import { InjectionToken } from '@angular/core';
import type { WebConfig } from 'demo-contract';

/** What the web server was told by its environment. */
export const WEB_CONFIG = new InjectionToken<WebConfig>('WEB_CONFIG');

/** The configuration could not be had. The message is for the person at the page. */
export class WebConfigError extends Error {
  override readonly name = 'WebConfigError';
}

/** @throws {WebConfigError} where the web server does not answer with a configuration. */
export async function loadWebConfig(): Promise<WebConfig> {
  let response: Response;
  try {
    response = await fetch('/config.json');
  } catch (error) {
    throw new WebConfigError($localize`:@@startup.unreachable:The web server cannot be reached.`, { cause: error });
  }
  const body: unknown = await response.json().catch(() => null);
  if (response.ok) return body as WebConfig;
  const detail = typeof body === 'object' && body !== null && 'detail' in body ? body.detail : null;
  throw new WebConfigError(
    typeof detail === 'string'
      ? $localize`:@@startup.detail:${detail}:detail:`
      : $localize`:@@startup.status:The web server answered ${response.status}:status: for its configuration.`,
  );
}

import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Provider, TenantScope } from './provider.ts';
import type { LogDraft } from './state/index.ts';

/** One request under a tenant's path, on its way through an endpoint. */
export interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly provider: Provider;
  readonly scope: TenantScope;
  /** The request's entry in the log: the endpoint fills it in as it learns. */
  readonly log: LogDraft;
}

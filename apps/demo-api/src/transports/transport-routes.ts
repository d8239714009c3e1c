import { setTimeout as delay } from 'node:timers/promises';
import { createStreamEndpoint } from '@sillage/server';
import { expressRespond, expressTickets } from '@sillage/server/express';
import type { TransportSight } from 'demo-contract';
import type { Request, Router } from 'express';
import type { DemoContext } from '../demo-context.ts';
import { corsOf } from '../web-origins.ts';

/**
 * `GET transports/stream`, `POST transports/tickets`: one stream that takes the token in all three ways, and says what of it stands in the
 * URL. An endpoint of its own, because every other stream of this API refuses a token in the URL.
 */
export function transportRoutes(router: Router, context: DemoContext): void {
  const { config, hub, access, verifier, onClose } = context;
  const endpoint = createStreamEndpoint({
    hub,
    verifier,
    cors: corsOf(config),
    heartbeatMs: config.HEARTBEAT_MS,
    tokenTransports: ['header', 'query', 'ticket'],
  });
  onClose(() => endpoint.close());

  router.post('/transports/tickets', ...expressTickets(endpoint, access));
  router.all(
    '/transports/stream',
    expressRespond(endpoint, { ...access, methods: ['GET'] }, async function* ({ request, signal }) {
      for (;;) {
        yield { data: sightOf(request) };
        await delay(config.SAMPLE_INTERVAL_MS, undefined, { signal });
      }
    }),
  );
}

/** What whoever keeps URLs has of this request. A token is told by its length alone. */
function sightOf(request: Request): TransportSight {
  const query = new URL(request.originalUrl, 'http://localhost').searchParams;
  const token = query.get('access_token');
  const ticket = query.get('ticket');
  return {
    transport: token !== null ? 'query' : ticket !== null ? 'ticket' : 'header',
    url: `${request.path}${token !== null ? `?access_token=(${token.length} characters)` : ''}${ticket !== null ? `?ticket=${ticket}` : ''}`,
    at: new Date().toISOString(),
  };
}

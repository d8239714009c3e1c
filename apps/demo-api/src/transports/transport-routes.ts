import { setTimeout as delay } from 'node:timers/promises';
import type { StreamDefinition } from '@sillage/server';
import { expressTickets } from '@sillage/server/express';
import type { TransportSight } from 'demo-contract';
import type { Request, RequestHandler, Router } from 'express';
import { z } from 'zod';
import type { DemoContext } from '../demo-context.ts';
import { readBody } from '../read-body.ts';

const path = '/transports/stream';
const newTicket = z.object({ path: z.literal(path) });

/**
 * `POST transports/tickets`. @returns the stream `GET transports/stream`: it accepts the token in all three ways, and shows what of it is in the URL.
 * It has a separate endpoint, because every other stream of this API refuses a token in the URL.
 */
export function transportRoutes(
  router: Router,
  { config, access, endpoints: { allTransports: endpoint } }: DemoContext,
): StreamDefinition<Readonly<Record<string, string>>, Request> {
  router.post('/transports/tickets', checkPath, ...expressTickets(endpoint, access));

  return {
    endpoint,
    methods: ['GET'],
    async *respond({ request, signal }) {
      for (;;) {
        yield { data: sightOf(request) };
        await delay(config.SAMPLE_INTERVAL_MS, undefined, { signal });
      }
    },
  };
}

/** Tickets are for this stream only: no other one accepts them. */
const checkPath: RequestHandler = (request, response, next) => {
  if (readBody(newTicket, request.body, response) !== undefined) next();
};

/** What a log of URLs contains of this request. Of a token, only the length is shown. */
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

import { createStreamEndpoint, createStreams, type Identity, type SessionSummary } from '@sillage/server';
import { expressStreams } from '@sillage/server/express';
import express, { type Express, type Request, type RequestHandler } from 'express';
import { z } from 'zod';
import type { DemoContext } from '../demo-context.ts';
import { readBody, sendProblem } from '../read-body.ts';
import { corsOf } from '../web-origins.ts';
import type { OpenStreams } from './open-streams.ts';
import { pulseTopic, type PulseSource } from './pulse.ts';

/** Connections of all viewers, and of one address. */
const maxViewers = 100;
const maxPerAddress = 20;
/** A viewer that stays longer reconnects, and resumes. */
const maxSessionMs = 300_000;
const retryMs = 5_000;

const viewer = z.uuid();
export const streamFault = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('cut') }),
  z.object({ kind: z.literal('refuse'), count: z.number().int().min(1).max(5) }),
]);
const newFault = z.object({ viewers: z.array(viewer).min(1).max(3), fault: streamFault });

export interface ShowcaseOptions {
  readonly pulse: PulseSource;
  readonly streams: OpenStreams;
}

/**
 * What the landing page needs before anyone has signed in, in demo mode only: `GET showcase/stream?viewer=…`, `GET showcase/pulse` and
 * `POST showcase/faults`. A viewer that wants faults chooses a random ID: a page that knows it can
 * disturb that viewer's stream and no other.
 */
export function showcaseRoutes(
  app: Express,
  { config, live, listeners, logging, onClose }: DemoContext,
  { pulse, streams }: ShowcaseOptions,
): void {
  const endpoint = createStreamEndpoint({
    hub: live.hub,
    verifier: { verify: () => Promise.resolve(anonymous()) },
    cors: corsOf(config),
    heartbeatMs: config.HEARTBEAT_MS,
    maxSessionMs,
    onSessionOpened: (session: SessionSummary) => listeners.opened(session),
    onSessionClosed: (session: SessionSummary) => listeners.closed(session),
    onError: (error) => logging.app.error({ err: error }, 'an anonymous stream failed'),
  });
  onClose(() => endpoint.close());

  const table = createStreams<string, Request>(
    {
      '/showcase/stream': {
        topics: [pulseTopic],
        authorize({ query, request }) {
          const name = viewer.optional().safeParse(query.get('viewer') ?? undefined);
          if (!name.success) return { kind: 'bad-request', code: 'invalid-viewer', detail: 'Give viewer a UUID.' };
          const address = request.ip ?? '';
          if (streams.count() >= maxViewers || streams.count(address) >= maxPerAddress) {
            return { kind: 'too-many-requests', retryAfterMs: retryMs };
          }
          if (request.res !== undefined) {
            for (const owner of [name.data, address]) if (owner !== undefined) streams.add(owner, request.res);
          }
          return 'allow';
        },
      },
    },
    { endpoint, multiplexAt: 'none' },
  );

  const asAnonymous: RequestHandler = (request, response, next) => {
    const name = new URL(request.originalUrl, 'http://localhost').searchParams.get('viewer');
    if (name !== null && streams.takeRefusal(name)) {
      sendProblem(response, 503, 'refused-on-purpose', 'The page asked for this refusal.');
      return;
    }
    // Every endpoint requires a token. This one's verifier accepts this word, and no other endpoint does.
    request.headers.authorization = 'Bearer anonymous';
    next();
  };
  app.get('/showcase/pulse', (_request, response) => void response.json(pulse.report));
  app.post('/showcase/faults', express.json({ limit: '2kb' }), (request, response) => {
    const wanted = readBody(newFault, request.body, response);
    if (wanted === undefined) return;
    const cut = wanted.viewers.reduce((total, name) => total + streams.cause(name, wanted.fault), 0);
    response.json({ cut });
  });
  app.all('/showcase/stream', asAnonymous, expressStreams(table));
}

function anonymous(): Identity {
  return {
    kind: 'user',
    key: 'anonymous',
    tenantId: '',
    objectId: '',
    claims: {},
    roles: [],
    scopes: [],
    expiresAtMs: Date.now() + 3_600_000,
    supportsClaimsChallenge: false,
  };
}

import type { StreamDefinition } from '@sillage/server';
import { expressAuthenticate, identityOf } from '@sillage/server/express';
import type { Request, RequestHandler, Router } from 'express';
import { z } from 'zod';
import type { DemoContext } from '../demo-context.ts';
import { readBody, sendProblem } from '../read-body.ts';
import type { EmulatorControl } from './emulator-control.ts';
import type { OpenStreams } from './open-streams.ts';
import { pulseTopic } from './pulse.ts';
import { streamFault } from './showcase-routes.ts';

export const pulsePath = '/pulse/stream';
const lifetime = z.object({ ms: z.number().int().min(5_000).max(3_600_000) });

export interface ChaosOptions {
  readonly emulator: EmulatorControl;
  readonly streams: OpenStreams;
  /** Closes the API and starts it again, soon after this returns. */
  readonly restart: () => void;
}

/**
 * The faults of the chaos page, in demo mode only: `POST chaos/faults`, `chaos/token-lifetime`, `chaos/rotate-keys` and `chaos/restart`.
 *
 * @returns the stream `GET pulse/stream`, whose numbered events show what the faults did.
 */
export function chaosRoutes(
  router: Router,
  { live, people, audit }: DemoContext,
  { emulator, streams, restart }: ChaosOptions,
): StreamDefinition<Readonly<Record<string, string>>, Request> {
  router.post('/chaos/faults', (request, response) => {
    const fault = readBody(streamFault, request.body, response);
    if (fault !== undefined) response.json({ cut: streams.cause(identityOf(response).key, fault) });
  });
  router.post('/chaos/token-lifetime', async (request, response) => {
    const body = readBody(lifetime, request.body, response);
    if (body === undefined) return;
    await emulator.call('/access-token-lifetime', body);
    audit(people.meet(identityOf(response)), 'changed the lifetime of tokens', body);
    response.status(204).end();
  });
  router.post('/chaos/rotate-keys', async (_request, response) => {
    await emulator.call('/rotate-keys', {});
    audit(people.meet(identityOf(response)), 'rotated the signing keys');
    response.status(204).end();
  });
  router.post('/chaos/restart', (_request, response) => {
    audit(people.meet(identityOf(response)), 'restarted the API');
    response.once('finish', restart);
    response.status(202).json({});
  });

  return {
    hub: live.hub,
    topics: [pulseTopic],
    authorize({ identity, request }) {
      if (request.res !== undefined) streams.add(identity.key, request.res);
      return 'allow';
    },
  };
}

/** Answers requests for the stream with 503 where the user asked for it. Mount it before the table of streams. */
export function refuseOnPurpose(
  { endpoints, access }: Pick<DemoContext, 'endpoints' | 'access'>,
  streams: OpenStreams,
): RequestHandler[] {
  return [
    expressAuthenticate(endpoints.main, access),
    (_request, response, next) => {
      if (!streams.takeRefusal(identityOf(response).key)) next();
      else sendProblem(response, 503, 'refused-on-purpose', 'The user asked for this refusal.');
    },
  ];
}

import type { StreamDefinition } from '@sillage/server';
import { identityOf } from '@sillage/server/express';
import type { TypedEvent, TypedEventKind } from 'demo-contract';
import type { Router } from 'express';
import { z } from 'zod';
import type { DemoContext } from '../demo-context.ts';
import { readBody } from '../read-body.ts';

const kinds = ['chat', 'notification', 'status', 'update'] as const satisfies readonly TypedEventKind[];
const newEvent = z.object({ type: z.enum(kinds), text: z.string().trim().min(1).max(2_000) });
const topic = 'events';

/** `POST events`. @returns the stream `GET events/stream`. */
export function eventRoutes(router: Router, { hub, people }: DemoContext): StreamDefinition {
  const publish = (type: TypedEventKind, event: Omit<TypedEvent, 'at'>): Promise<string> =>
    hub.publish(topic, { type, data: { ...event, at: new Date().toISOString() } satisfies TypedEvent });

  router.post('/events', async (request, response) => {
    const { name } = people.meet(identityOf(response));
    const event = readBody(newEvent, request.body, response);
    if (event === undefined) return;
    response.status(201).json({ id: await publish(event.type, { from: name, text: event.text }) });
  });

  return { topics: [topic] };
}

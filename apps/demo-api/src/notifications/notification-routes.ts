import type { StreamDefinition } from '@sillage/server';
import { identityOf } from '@sillage/server/express';
import type { Router } from 'express';
import { z } from 'zod';
import type { DemoContext } from '../demo-context.ts';
import { readBody, sendProblem } from '../read-body.ts';
import { noticeTopic } from './notice-topic.ts';

const newNotice = z.object({
  to: z.string().min(1).max(100),
  title: z.string().trim().min(1).max(200),
  message: z.string().trim().min(1).max(2_000),
});

/** `GET` and `POST notifications`, `POST notifications/read`. @returns the stream `GET notifications/stream`. */
export function notificationRoutes(router: Router, { people, notify, inboxes, audit }: DemoContext): StreamDefinition {
  router.get('/notifications', async (_request, response) => {
    response.json(await inboxes.of(people.meet(identityOf(response)).id));
  });

  router.post('/notifications/read', async (_request, response) => {
    await inboxes.markRead(people.meet(identityOf(response)).id);
    response.status(204).end();
  });

  router.post('/notifications', async (request, response) => {
    const from = people.meet(identityOf(response));
    const notice = readBody(newNotice, request.body, response);
    if (notice === undefined) return;
    const { to, title, message } = notice;
    if (people.find(to) === undefined) {
      sendProblem(response, 404, 'unknown-person', 'No user with that ID has signed in. Choose one of GET people.');
      return;
    }
    const id = await notify(to, { from, title, message });
    audit(from, 'sent a notice', { to, title });
    response.status(201).json({ id });
  });

  return { topics: ({ identity }) => [noticeTopic(people.meet(identity).id)] };
}

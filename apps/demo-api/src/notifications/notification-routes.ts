import { expressStream, identityOf } from '@sillage/server/express';
import type { Router } from 'express';
import { z } from 'zod';
import type { DemoContext } from '../demo-context.ts';
import { readBody, sendProblem } from '../read-body.ts';
import { noticeTopic } from './notify.ts';

const newNotice = z.object({
  to: z.string().min(1).max(100),
  title: z.string().trim().min(1).max(200),
  message: z.string().trim().min(1).max(2_000),
});

/** `GET notifications/stream`, `POST notifications`. */
export function notificationRoutes(
  router: Router,
  { endpoint, access, guard, people, notify, audit }: DemoContext,
): void {
  router.all(
    '/notifications/stream',
    expressStream(endpoint, {
      ...access,
      authorize: ({ identity }) => guard.stream(identity),
      topics: ({ identity }) => [noticeTopic(people.meet(identity).id)],
    }),
  );

  router.post('/notifications', ...guard.route, async (request, response) => {
    const from = people.meet(identityOf(response));
    const notice = readBody(newNotice, request.body, response);
    if (notice === undefined) return;
    const { to, title, message } = notice;
    if (people.find(to) === undefined) {
      sendProblem(response, 404, 'unknown-person', 'Nobody of that ID has signed in: choose one of GET people.');
      return;
    }
    const id = await notify(to, { from, title, message });
    audit(from, 'sent a notice', { to, title });
    response.status(201).json({ id });
  });
}

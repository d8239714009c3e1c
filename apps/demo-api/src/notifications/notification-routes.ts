import { expressAuthenticate, expressStream, identityOf } from '@sillage/server/express';
import type { Notice } from 'demo-contract';
import type { Router } from 'express';
import { z } from 'zod';
import type { DemoContext } from '../demo-context.ts';
import { readBody, sendProblem } from '../read-body.ts';

const newNotice = z.object({
  to: z.string().min(1).max(100),
  title: z.string().trim().min(1).max(200),
  message: z.string().trim().min(1).max(2_000),
});

/** `GET notifications/stream`, `POST notifications`. A topic a person: nobody can ask for another's. */
export function notificationRoutes(router: Router, { hub, endpoint, access, people, stepUp }: DemoContext): void {
  const topic = (personId: string): string => `notifications/${personId}`;

  router.all(
    '/notifications/stream',
    expressStream(endpoint, {
      ...access,
      authorize: ({ identity }) => stepUp.check(identity),
      topics: ({ identity }) => [topic(people.meet(identity).id)],
    }),
  );

  router.post('/notifications', expressAuthenticate(endpoint, access), async (request, response) => {
    const from = people.meet(identityOf(response));
    const notice = readBody(newNotice, request.body, response);
    if (notice === undefined) return;
    const { to, title, message } = notice;
    if (people.find(to) === undefined) {
      sendProblem(response, 404, 'unknown-person', 'Nobody of that ID has signed in: choose one of GET people.');
      return;
    }
    const data: Notice = { from, title, message, at: new Date().toISOString() };
    const id = await hub.publish(topic(to), { type: 'notification', data });
    response.status(201).json({ id });
  });
}

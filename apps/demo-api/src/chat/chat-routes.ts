import { formatEventId } from '@sillage/server';
import { expressAuthenticate, expressStream, identityOf } from '@sillage/server/express';
import type { ChatHistory, ChatMessage } from 'demo-contract';
import type { Router } from 'express';
import { z } from 'zod';
import { BoundedMap } from '../bounded-map.ts';
import type { DemoContext } from '../demo-context.ts';
import { readBody } from '../read-body.ts';

const newMessage = z.object({ text: z.string().trim().min(1).max(4_000) });
const sessionId = z.string().regex(/^[\w-]{1,64}$/, 'Use up to 64 letters, digits, "-" and "_".');
const maxMessages = 200;

/** `GET chat/stream/:sessionId`, `GET` and `POST chat/:sessionId/messages`. */
export function chatRoutes(router: Router, { hub, endpoint, access, people, stepUp }: DemoContext): void {
  const histories = new BoundedMap<string, ChatHistory>(1_000);
  const topic = (session: string): string => `chat/${session}`;

  /** Made before the session's first message, so that its place has everything after it. */
  const historyOf = async (session: string): Promise<ChatHistory> => {
    await hub.ready();
    const history = histories.get(session) ?? { messages: [], lastEventId: formatEventId(hub.position) };
    histories.set(session, history);
    return history;
  };

  router.all(
    '/chat/stream/:sessionId',
    expressStream(endpoint, {
      ...access,
      authorize: ({ identity, request }) =>
        sessionId.safeParse(request.params.sessionId).success ? stepUp.check(identity) : 'not-found',
      topics: ({ identity, request }) => {
        people.meet(identity);
        return [topic(sessionId.parse(request.params.sessionId))];
      },
    }),
  );

  router.get('/chat/:sessionId/messages', expressAuthenticate(endpoint, access), async (request, response) => {
    const session = readBody(sessionId, request.params.sessionId, response);
    if (session !== undefined) response.json(await historyOf(session));
  });

  router.post('/chat/:sessionId/messages', expressAuthenticate(endpoint, access), async (request, response) => {
    const session = readBody(sessionId, request.params.sessionId, response);
    const message = readBody(newMessage, request.body, response);
    if (session === undefined || message === undefined) return;
    const from = people.meet(identityOf(response));
    await historyOf(session);
    const data: ChatMessage = { from, text: message.text, at: new Date().toISOString() };
    const id = await hub.publish(topic(session), { data });
    const { messages } = await historyOf(session);
    histories.set(session, { messages: [...messages, data].slice(-maxMessages), lastEventId: id });
    response.status(201).json({ id });
  });
}

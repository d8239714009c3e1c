import { formatEventId } from '@sillage/server';
import { expressStream, identityOf } from '@sillage/server/express';
import type { ChatHistory, ChatMessage } from 'demo-contract';
import type { Router } from 'express';
import { z } from 'zod';
import type { DemoContext } from '../demo-context.ts';
import { readBody } from '../read-body.ts';
import { mentionedIn } from './mentions.ts';

const newMessage = z.object({ text: z.string().trim().min(1).max(4_000) });
const sessionId = z.string().regex(/^[\w-]{1,64}$/, 'Use up to 64 letters, digits, "-" and "_".');
const maxMessages = 200;

/** `GET chat/stream/:sessionId`, `GET` and `POST chat/:sessionId/messages`. */
export function chatRoutes(
  router: Router,
  { hub, endpoint, access, guard, people, stores, notify }: DemoContext,
): void {
  const histories = stores.state.table<ChatHistory>('chat');
  const topic = (session: string): string => `chat/${session}`;

  /** Made before the session's first message, so that its place has everything after it. */
  const historyOf = async (session: string): Promise<ChatHistory> => {
    await hub.ready();
    const kept = histories.get(session);
    if (kept !== undefined) return kept;
    const history = { messages: [], lastEventId: formatEventId(hub.position) };
    histories.set(session, history);
    return history;
  };

  const tellMentioned = async (session: string, { from, text }: ChatMessage): Promise<void> => {
    const mentioned = mentionedIn(text, people.all()).filter(({ id }) => id !== from.id);
    const title = `${from.name} mentioned you in ${session}`;
    const notice = { from, title, message: text.slice(0, 2_000), about: { kind: 'mentioned', session } as const };
    await Promise.all(mentioned.map(({ id }) => notify(id, notice)));
  };

  router.all(
    '/chat/stream/:sessionId',
    expressStream(endpoint, {
      ...access,
      authorize: ({ identity, request }) =>
        sessionId.safeParse(request.params.sessionId).success ? guard.stream(identity) : 'not-found',
      topics: ({ identity, request }) => {
        people.meet(identity);
        return [topic(sessionId.parse(request.params.sessionId))];
      },
    }),
  );

  router.get('/chat/:sessionId/messages', ...guard.route, async (request, response) => {
    const session = readBody(sessionId, request.params.sessionId, response);
    if (session !== undefined) response.json(await historyOf(session));
  });

  router.post('/chat/:sessionId/messages', ...guard.route, async (request, response) => {
    const session = readBody(sessionId, request.params.sessionId, response);
    const message = readBody(newMessage, request.body, response);
    if (session === undefined || message === undefined) return;
    const from = people.meet(identityOf(response));
    await historyOf(session);
    const data: ChatMessage = { from, text: message.text, at: new Date().toISOString() };
    const id = await hub.publish(topic(session), { data });
    const { messages } = await historyOf(session);
    histories.set(session, { messages: [...messages, data].slice(-maxMessages), lastEventId: id });
    await tellMentioned(session, data);
    response.status(201).json({ id });
  });
}

import { formatEventId, type StreamDefinition } from '@sillage/server';
import { identityOf } from '@sillage/server/express';
import type { ChatHistory, ChatMessage } from 'demo-contract';
import type { Router } from 'express';
import { z } from 'zod';
import type { DemoContext } from '../demo-context.ts';
import { readBody } from '../read-body.ts';
import { mentionedIn } from './mentions.ts';

const newMessage = z.object({ text: z.string().trim().min(1).max(4_000) });
const sessionId = z.string().regex(/^[\w-]{1,64}$/, 'Use up to 64 letters, digits, "-" and "_".');
const maxMessages = 200;
/** How many chats one user may create. */
const maxChats = 100;

/** `GET` and `POST chat/:sessionId/messages`. @returns the stream `GET chat/stream/:sessionId`. */
export function chatRoutes(
  router: Router,
  { hub, people, stores, notify }: DemoContext,
): StreamDefinition<{ readonly sessionId: string }> {
  const histories = stores.state.table<ChatHistory>('chat', { perOwner: maxChats, past: 'refuse' });
  const topic = (session: string): string => `chat/${session}`;

  /** If the chat does not exist: the current position, after which every future message comes. Reading creates nothing. */
  const historyOf = async (session: string): Promise<ChatHistory> => {
    await hub.ready();
    return histories.get(session) ?? { messages: [], lastEventId: formatEventId(hub.position) };
  };

  const tellMentioned = async (session: string, { from, text }: ChatMessage): Promise<void> => {
    const mentioned = mentionedIn(text, people.all()).filter(({ id }) => id !== from.id);
    const title = `${from.name} mentioned you in ${session}`;
    const notice = { from, title, message: text.slice(0, 2_000), about: { kind: 'mentioned', session } as const };
    await Promise.all(mentioned.map(({ id }) => notify(id, notice)));
  };

  router.get('/chat/:sessionId/messages', async (request, response) => {
    const session = readBody(sessionId, request.params.sessionId, response);
    if (session !== undefined) response.json(await historyOf(session));
  });

  router.post('/chat/:sessionId/messages', async (request, response) => {
    const session = readBody(sessionId, request.params.sessionId, response);
    const message = session === undefined ? undefined : readBody(newMessage, request.body, response);
    if (session === undefined || message === undefined) return;
    const from = people.meet(identityOf(response));
    // Before the message is published: a chat past the limit must not exist as a stream either.
    histories.set(session, await historyOf(session), from.id);
    const data: ChatMessage = { from, text: message.text, at: new Date().toISOString() };
    const id = await hub.publish(topic(session), { data });
    const { messages } = await historyOf(session);
    histories.set(session, { messages: [...messages, data].slice(-maxMessages), lastEventId: id }, from.id);
    await tellMentioned(session, data);
    response.status(201).json({ id });
  });

  return {
    authorize: ({ params }) => (sessionId.safeParse(params.sessionId).success ? 'allow' : 'not-found'),
    topics: ({ identity, params }) => {
      people.meet(identity);
      return [topic(sessionId.parse(params.sessionId))];
    },
  };
}

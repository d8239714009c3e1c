import { formatEventId, type StreamDefinition } from '@sillage/server';
import { identityOf } from '@sillage/server/express';
import type { ChatHistory, ChatMessage } from 'demo-contract';
import type { Router } from 'express';
import { z } from 'zod';
import type { DemoContext } from '../demo-context.ts';
import { readBody } from '../read-body.ts';
import { nora } from '../people/sample-colleague.ts';
import { colleaguesChat, createColleague } from './colleague.ts';
import { mentionedIn } from './mentions.ts';

const newMessage = z.object({ text: z.string().trim().min(1).max(4_000) });
const sessionId = z.string().regex(/^[\w-]{1,64}$/, 'Use up to 64 letters, digits, "-" and "_".');
const maxMessages = 200;
const pageLimits = { maxEvents: maxMessages, maxBytes: 2 ** 20 };
/** How many chats one user may create. */
const maxChats = 100;

/** `GET` and `POST chat/:sessionId/messages`. @returns the stream `GET chat/stream/:sessionId`. */
export function chatRoutes(
  router: Router,
  { config, hub, people, stores, notify, logging, onClose }: DemoContext,
): StreamDefinition<{ readonly sessionId: string }> {
  const histories = stores.state.table<ChatHistory>('chat', { perOwner: maxChats, past: 'refuse' });
  const topic = (session: string): string => `chat/${session}`;

  /**
   * The stored messages and those that the log has after them: another process may have published them and not stored them yet. If the chat does not
   * exist: the current position, after which every future message comes. Reading creates nothing.
   */
  const historyOf = async (session: string): Promise<ChatHistory> => {
    await hub.ready();
    const stored = histories.get(session);
    if (stored === undefined) return { messages: [], lastEventId: formatEventId(hub.position) };
    const { messages, lastEventId: after } = stored;
    const page = await stores.log.read({ after, topics: [topic(session)], ...pageLimits });
    const added = page.events.map(({ data }) => JSON.parse(data) as ChatMessage);
    return { messages: [...messages, ...added].slice(-maxMessages), lastEventId: formatEventId(page.place) };
  };

  /** Stores what the log has, unless another request has stored more meanwhile. */
  const storeHistory = async (session: string, owner: string): Promise<void> => {
    const before = histories.get(session)?.lastEventId;
    const history = await historyOf(session);
    histories.update(session, (stored) => (stored?.lastEventId === before ? history : undefined), owner);
  };

  const tellMentioned = async (session: string, { from, text }: ChatMessage): Promise<void> => {
    const mentioned = mentionedIn(text, people.all()).filter(({ id }) => id !== from.id);
    const title = `${from.name} mentioned you in ${session}`;
    const notice = { from, title, message: text.slice(0, 2_000), about: { kind: 'mentioned', session } as const };
    await Promise.all(mentioned.map(({ id }) => notify(id, notice)));
  };

  const say = async (session: string, data: ChatMessage): Promise<string> => {
    // Before the message is published: a chat past the limit must not exist as a stream either.
    await storeHistory(session, data.from.id);
    const id = await hub.publish(topic(session), { data });
    await storeHistory(session, data.from.id);
    return id;
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
    const data: ChatMessage = { from, text: message.text, at: new Date().toISOString() };
    const id = await say(session, data);
    await tellMentioned(session, data);
    response.status(201).json({ id });
    if (session === colleaguesChat) colleague?.hear(message.text);
  });

  const colleague =
    config.SAMPLE_DATA === 'off'
      ? undefined
      : createColleague({
          say: (text) => say(colleaguesChat, { from: nora, text, at: new Date().toISOString() }),
          onError: (error) => logging.app.warn({ err: error }, 'the simulated colleague could not answer'),
        });
  if (colleague !== undefined) {
    onClose(() => colleague.leave());
    if (histories.get(colleaguesChat) === undefined) colleague.greet();
  }

  return {
    authorize: ({ params }) => (sessionId.safeParse(params.sessionId).success ? 'allow' : 'not-found'),
    topics: ({ identity, params }) => {
      people.meet(identity);
      return [topic(sessionId.parse(params.sessionId))];
    },
  };
}

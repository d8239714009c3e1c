import { randomUUID } from 'node:crypto';
import type { StreamDefinition } from '@sillage/server';
import { identityOf } from '@sillage/server/express';
import type { ConversationHistory } from 'demo-contract';
import type { Request, Router } from 'express';
import { z } from 'zod';
import type { DemoContext } from '../demo-context.ts';
import { describeIssues, parseJson, sendProblem } from '../read-body.ts';
import { createAnswers } from './answers.ts';
import type { Assistant } from './assistant.ts';
import { createConversations } from './conversations.ts';

const chatPrompt = z.object({
  prompt: z.string().trim().min(1).max(4_000),
  conversationId: z.string().min(1).max(100).default('default'),
  answerId: z.uuid().optional(),
});

/** When a user with too many answers under way may ask again: one of them ends at some time. */
const answersRetryMs = 5_000;

/**
 * `GET assistant`, `DELETE chat/completions/:answerId`, `GET chat/conversations/:conversationId`.
 *
 * @returns the stream `POST chat/completions/stream`.
 */
export function assistantRoutes(
  router: Router,
  { stores: { state }, onClose }: DemoContext,
  assistant: Assistant,
): StreamDefinition<Readonly<Record<string, string>>, Request> {
  const conversations = createConversations(state);
  const answers = createAnswers({ assistant, state, conversations });
  onClose(() => answers.close());

  router.get('/assistant', (_request, response) => {
    response.json(assistant.info);
  });

  router.get('/chat/conversations/:conversationId', (request, response) => {
    const owner = identityOf(response).key;
    const conversationId = request.params.conversationId;
    const unfinished = answers.unfinishedOf(owner, conversationId);
    response.json({
      turns: conversations.turns(owner, conversationId),
      unfinished: unfinished && { answerId: unfinished.answerId, prompt: unfinished.prompt },
    } satisfies ConversationHistory);
  });

  router.delete('/chat/completions/:answerId', (request, response) => {
    if (answers.stop(identityOf(response).key, request.params.answerId)) response.status(204).end();
    else sendProblem(response, 404, 'unknown-answer', 'No answer of yours with that ID is under way.');
  });

  return {
    methods: ['POST'],
    async authorize({ identity, request }) {
      // Here and not in a middleware: the guard of the streams has run, so the body is of a user within the limits.
      const { data, error } = chatPrompt.safeParse(await parseJson(request));
      if (error !== undefined) return { kind: 'bad-request', code: 'invalid-body', detail: describeIssues(error) };
      const { answerId, ...asked } = data;
      if (answerId !== undefined && answers.isTaken({ owner: identity.key, answerId, ...asked })) {
        const detail = 'The answerId is already used for another question: choose a new one.';
        return { kind: 'bad-request', code: 'answer-id-taken', detail };
      }
      if (answers.canBegin(identity.key, answerId)) return 'allow';
      return { kind: 'too-many-requests', retryAfterMs: answersRetryMs };
    },
    async *respond({ identity, request, lastEventId = '0', signal }) {
      const { answerId, ...asked } = chatPrompt.parse(request.body);
      const question = { owner: identity.key, answerId: answerId ?? randomUUID(), ...asked };
      try {
        for await (const { text, length } of answers.read(question, Number(lastEventId), signal)) {
          yield { id: String(length), data: text };
        }
      } finally {
        // An ID that the client did not choose can never be requested again.
        if (answerId === undefined) answers.stop(question.owner, question.answerId);
      }
    },
  };
}

import { randomUUID } from 'node:crypto';
import { expressRespond, identityOf } from '@sillage/server/express';
import type { ConversationHistory } from 'demo-contract';
import type { Router } from 'express';
import { z } from 'zod';
import type { DemoContext } from '../demo-context.ts';
import { describeIssues, sendProblem } from '../read-body.ts';
import { createAnswers } from './answers.ts';
import type { Assistant } from './assistant.ts';
import { createConversations } from './conversations.ts';

const chatPrompt = z.object({
  prompt: z.string().trim().min(1).max(4_000),
  conversationId: z.string().min(1).max(100).default('default'),
  answerId: z.uuid().optional(),
});

/** `GET assistant`, `POST chat/completions/stream`, `DELETE chat/completions/:answerId`, `GET chat/conversations/:conversationId`. */
export function assistantRoutes(
  router: Router,
  { endpoint, access, guard, stores: { state }, onClose }: DemoContext,
  assistant: Assistant,
): void {
  const conversations = createConversations(state);
  const answers = createAnswers({ assistant, state, conversations });
  onClose(() => answers.close());

  router.get('/assistant', ...guard.route, (_request, response) => {
    response.json(assistant.info);
  });

  router.all(
    '/chat/completions/stream',
    expressRespond(
      endpoint,
      {
        ...access,
        methods: ['POST'],
        authorize({ identity, request }) {
          const { data, error } = chatPrompt.safeParse(request.body);
          if (error !== undefined) return { kind: 'bad-request', code: 'invalid-body', detail: describeIssues(error) };
          const { answerId, ...asked } = data;
          if (answerId !== undefined && answers.isTaken({ owner: identity.key, answerId, ...asked })) {
            const detail = 'The answerId is that of another question: choose a new one.';
            return { kind: 'bad-request', code: 'answer-id-taken', detail };
          }
          return guard.stream(identity);
        },
      },
      async function* ({ identity, request, lastEventId = '0', signal }) {
        const { answerId, ...asked } = chatPrompt.parse(request.body);
        const question = { owner: identity.key, answerId: answerId ?? randomUUID(), ...asked };
        try {
          for await (const { text, length } of answers.read(question, Number(lastEventId), signal)) {
            yield { id: String(length), data: text };
          }
        } finally {
          // An ID that the client did not choose can never be asked for again.
          if (answerId === undefined) answers.stop(question.owner, question.answerId);
        }
      },
    ),
  );

  router.get('/chat/conversations/:conversationId', ...guard.route, (request, response) => {
    const owner = identityOf(response).key;
    const conversationId = String(request.params.conversationId);
    const unfinished = answers.unfinishedOf(owner, conversationId);
    response.json({
      turns: conversations.turns(owner, conversationId),
      unfinished: unfinished && { answerId: unfinished.answerId, prompt: unfinished.prompt },
    } satisfies ConversationHistory);
  });

  router.delete('/chat/completions/:answerId', ...guard.route, (request, response) => {
    if (answers.stop(identityOf(response).key, String(request.params.answerId))) response.status(204).end();
    else sendProblem(response, 404, 'unknown-answer', 'There is no such answer of yours under way.');
  });
}

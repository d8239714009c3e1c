import { expressRespond } from '@sillage/server/express';
import type { Router } from 'express';
import { z } from 'zod';
import type { DemoContext } from '../demo-context.ts';
import { describeIssues } from '../read-body.ts';
import type { Assistant } from './assistant.ts';
import { createConversations } from './conversations.ts';

const chatPrompt = z.object({
  prompt: z.string().trim().min(1).max(4_000),
  conversationId: z.string().min(1).max(100).optional(),
});

/** `GET assistant`, `POST chat/completions/stream`. */
export function assistantRoutes(
  router: Router,
  { endpoint, access, guard, stores }: DemoContext,
  assistant: Assistant,
): void {
  const conversations = createConversations(stores.state);

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
          const { error } = chatPrompt.safeParse(request.body);
          if (error !== undefined) return { kind: 'bad-request', code: 'invalid-body', detail: describeIssues(error) };
          return guard.stream(identity);
        },
      },
      async function* ({ identity, request, signal }) {
        const { prompt, conversationId = 'default' } = chatPrompt.parse(request.body);
        const question = { role: 'user', content: prompt } as const;
        const turns = [...conversations.turns(identity.key, conversationId), question];
        let content = '';
        for await (const token of assistant.answer(turns, signal)) {
          content += token;
          yield { data: token };
        }
        conversations.add(identity.key, conversationId, question, { role: 'assistant', content });
      },
    ),
  );
}

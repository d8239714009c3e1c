import { expressAuthenticate, expressRespond } from '@sillage/server/express';
import type { Router } from 'express';
import { z } from 'zod';
import type { DemoContext } from '../demo-context.ts';
import type { Assistant } from './assistant.ts';
import { createConversations } from './conversations.ts';

const chatPrompt = z.object({
  prompt: z.string().trim().min(1).max(4_000),
  conversationId: z.string().min(1).max(100).optional(),
});

/** `GET assistant`, `POST chat/completions/stream`. */
export function assistantRoutes(router: Router, { endpoint, access, stepUp }: DemoContext, assistant: Assistant): void {
  const conversations = createConversations();

  router.get('/assistant', expressAuthenticate(endpoint, access), (_request, response) => {
    response.json(assistant.info);
  });

  router.all(
    '/chat/completions/stream',
    expressRespond(
      endpoint,
      { ...access, methods: ['POST'], authorize: ({ identity }) => stepUp.check(identity) },
      async function* ({ identity, request, signal }) {
        const { prompt, conversationId = 'default' } = chatPrompt.parse(request.body);
        const question = { role: 'user', content: prompt } as const;
        let content = '';
        for await (const token of assistant.answer(
          [...conversations.turns(identity.key, conversationId), question],
          signal,
        )) {
          content += token;
          yield { data: token };
        }
        conversations.add(identity.key, conversationId, question, { role: 'assistant', content });
      },
    ),
  );
}

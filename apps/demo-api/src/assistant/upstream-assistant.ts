import { createEventStream, isSseError } from '@sillage/client';
import { StreamFailure } from '@sillage/server';
import type { Assistant, Turn } from './assistant.ts';

export interface UpstreamOptions {
  /** Such as `https://api.example/v1`. */
  readonly baseUrl: string;
  readonly apiKey: string | undefined;
  readonly model: string;
}

/** The used part of a chunk of an OpenAI-compatible stream. */
interface Chunk {
  readonly choices?: readonly { readonly delta?: { readonly content?: string | null } }[];
}

/** Asks an OpenAI-compatible API, which answers with an event stream that ends with `[DONE]`. */
export function createUpstreamAssistant({ baseUrl, apiKey, model }: UpstreamOptions): Assistant {
  const { host } = new URL(baseUrl);
  return {
    info: { kind: 'upstream', description: `Answers come from ${model} at ${host}.` },
    async *answer(turns, { said, signal }) {
      const stream = createEventStream<Chunk>(`${baseUrl.replace(/\/$/, '')}/chat/completions`, {
        body: JSON.stringify({ model, stream: true, messages: said === '' ? turns : continued(turns, said) }),
        headers: { 'Content-Type': 'application/json' },
        completeOn: { data: '[DONE]' },
        reservedEvents: [],
        // An answer that ends without [DONE] was cut off.
        onEnd: 'fail',
        // An interrupted answer is not requested again: that would be another answer.
        reconnect: 'never',
        signal,
        ...(apiKey === undefined ? {} : { accessToken: () => apiKey }),
      });
      try {
        for await (const { data } of stream) {
          const token = data.choices?.[0]?.delta?.content;
          if (typeof token === 'string' && token !== '') yield token;
        }
      } catch (error) {
        if (!isSseError(error)) throw error;
        throw new StreamFailure('assistant-unavailable', `The assistant at ${host} stopped answering: try again.`, {
          cause: error,
        });
      }
    },
  };
}

/** Asks a model to continue: it does not know that it was interrupted. */
function continued(turns: readonly Turn[], said: string): Turn[] {
  const request =
    'You were interrupted. Continue exactly where you stopped, in the middle of a word if need be, and repeat nothing.';
  return [...turns, { role: 'assistant', content: said }, { role: 'user', content: request }];
}

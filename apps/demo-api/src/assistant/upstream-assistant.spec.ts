import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { StreamFailure } from '@sillage/server';
import { afterEach, describe, expect, it } from 'vitest';
import { createUpstreamAssistant } from './upstream-assistant.ts';

/** A simulated OpenAI-compatible API: the wire format alone. */
async function startUpstream(listener: RequestListener): Promise<{ baseUrl: string; server: Server }> {
  const server = createServer(listener);
  server.listen(0, 'localhost');
  await once(server, 'listening');
  return { baseUrl: `http://localhost:${(server.address() as AddressInfo).port}/v1`, server };
}

const chunk = (content: string): string => `data: ${JSON.stringify({ choices: [{ delta: { content } }] })}\n\n`;
const question = [{ role: 'user', content: 'Hello?' }] as const;

describe('an assistant upstream', () => {
  const servers: Server[] = [];
  afterEach(() => {
    for (const server of servers.splice(0)) {
      server.closeAllConnections();
      server.close();
    }
  });

  async function answer(listener: RequestListener, { signal = new AbortController().signal, said = '' } = {}) {
    const { baseUrl, server } = await startUpstream(listener);
    servers.push(server);
    const assistant = createUpstreamAssistant({ baseUrl, apiKey: 'sample-key', model: 'sample-model' });
    return assistant.answer(question, { said, signal });
  }

  it('is asked with the conversation and the key, and its tokens come as they are sent, up to [DONE]', async () => {
    const asked: unknown[] = [];
    const tokens: string[] = [];
    for await (const token of await answer((request, response) => {
      void text(request).then((body) => {
        asked.push(request.url, request.headers.authorization, JSON.parse(body));
        response.writeHead(200, { 'Content-Type': 'text/event-stream' });
        response.end(`${chunk('')}${chunk('Hel')}${chunk('lo')}data: [DONE]\n\n${chunk('never')}`);
      });
    })) {
      tokens.push(token);
    }
    expect(tokens).toEqual(['Hel', 'lo']);
    expect(asked).toEqual([
      '/v1/chat/completions',
      'Bearer sample-key',
      { model: 'sample-model', stream: true, messages: question },
    ]);
  });

  it('sends the earlier part of the answer when it continues', async () => {
    let asked: unknown;
    const tokens = await answer(
      (request, response) => {
        void text(request).then((body) => {
          asked = JSON.parse(body);
          response.writeHead(200, { 'Content-Type': 'text/event-stream' }).end(`${chunk('lo')}data: [DONE]\n\n`);
        });
      },
      { said: 'Hel' },
    );
    expect(await Array.fromAsync(tokens)).toEqual(['lo']);
    expect(asked).toMatchObject({
      messages: [
        ...question,
        { role: 'assistant', content: 'Hel' },
        { role: 'user', content: expect.stringContaining('Continue') as string },
      ],
    });
  });

  it.each<[string, RequestListener]>([
    ['refuses', (_request, response) => response.writeHead(500).end()],
    [
      'breaks off during the answer',
      (_request, response) => {
        response.writeHead(200, { 'Content-Type': 'text/event-stream' });
        response.write(chunk('Hel'), () => response.destroy());
      },
    ],
    [
      'ends without [DONE]',
      (_request, response) => {
        response.writeHead(200, { 'Content-Type': 'text/event-stream' }).end(chunk('Hel'));
      },
    ],
  ])('that %s fails with words for the reader, and is not asked again', async (_, listener) => {
    let requests = 0;
    const tokens = await answer((request, response) => {
      requests += 1;
      listener(request, response);
    });
    const read = async (): Promise<void> => {
      for await (const token of tokens) expect(token).toBe('Hel');
    };
    await expect(read()).rejects.toSatisfy(
      (error) => error instanceof StreamFailure && error.code === 'assistant-unavailable',
    );
    expect(requests).toBe(1);
  });

  it('is left when the reader leaves', async () => {
    const controller = new AbortController();
    const left = Promise.withResolvers<undefined>();
    for await (const token of await answer(
      (request, response) => {
        request.once('close', () => left.resolve(undefined));
        response.writeHead(200, { 'Content-Type': 'text/event-stream' }).write(chunk('Hel'));
      },
      { signal: controller.signal },
    )) {
      expect(token).toBe('Hel');
      controller.abort();
    }
    await left.promise;
  });
});

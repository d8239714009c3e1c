import { createServer, type RequestListener, type Server } from 'node:http';
import { createRequire } from 'node:module';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { EventType } from '@ag-ui/core';
import { EventEncoder } from '@ag-ui/encoder';
import { DurableStreamTestServer } from '@durable-streams/server';
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js';
import { createEventStream, type EventStreamOptions, type SseEvent } from '@sillage/client';
import type * as graphql from 'graphql';
import { createHandler } from 'graphql-sse/lib/use/http';
import { afterEach, describe, expect, it } from 'vitest';

// By `require`, as graphql-sse's own import of it resolves: two copies of graphql do not recognize each other's schemas.
const { GraphQLInt, GraphQLObjectType, GraphQLSchema } = createRequire(import.meta.url)('graphql') as typeof graphql;

const endings: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of endings.splice(0).reverse()) await end();
});

async function serve(listener: RequestListener): Promise<string> {
  const server: Server = createServer(listener);
  server.listen(0, 'localhost');
  await once(server, 'listening');
  endings.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://localhost:${(server.address() as AddressInfo).port}`;
}

/** Reads a stream to its end. */
async function readAll<T>(url: string, options: EventStreamOptions<T>): Promise<SseEvent<T>[]> {
  const events: SseEvent<T>[] = [];
  for await (const event of createEventStream<T>(url, { reconnect: { baseDelayMs: 1 }, ...options }))
    events.push(event);
  return events;
}

const json = { 'Content-Type': 'application/json' };

describe('the client at servers of other protocols', () => {
  it("reads an MCP server's answer to a POST (Streamable HTTP): its own Accept is kept, and a POST that ends is complete", async () => {
    let calls = 0;
    const origin = await serve((request, response) => {
      const server = new McpServer({ name: 'sample', version: '1.0.0' });
      server.registerTool('greet', { description: 'Greets' }, () => {
        calls += 1;
        return { content: [{ type: 'text', text: 'Hello' }] };
      });
      // Without the session: a request stands for itself.
      const transport = new StreamableHTTPServerTransport({});
      response.on('close', () => void transport.close());
      void server
        .connect(transport as Parameters<McpServer['connect']>[0])
        .then(() => transport.handleRequest(request, response));
    });
    const [answer] = await readAll<{ result: unknown }>(origin, {
      headers: { ...json, Accept: 'application/json, text/event-stream' },
      body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: 'greet', arguments: {} } }),
      // A request that may be repeated is not repeated when it simply ends.
      reconnect: { unsafeMethods: 'repeat', baseDelayMs: 1 },
    });
    expect(answer?.data.result).toMatchObject({ content: [{ type: 'text', text: 'Hello' }] });
    expect(calls).toBe(1);
  });

  it('reads an AG-UI run, which simply ends', async () => {
    let runs = 0;
    const encoder = new EventEncoder();
    const origin = await serve((_request, response) => {
      runs += 1;
      response.writeHead(200, { 'Content-Type': 'text/event-stream' });
      for (const event of [
        { type: EventType.RUN_STARTED, threadId: 't', runId: 'r' },
        { type: EventType.TEXT_MESSAGE_CONTENT, messageId: 'm', delta: 'Hello' },
        { type: EventType.RUN_FINISHED, threadId: 't', runId: 'r' },
      ])
        response.write(encoder.encodeSSE(event));
      response.end();
    });
    const events = await readAll<{ type: string }>(origin, { headers: json, body: '{}' });
    expect(events.map(({ data }) => data.type)).toEqual(['RUN_STARTED', 'TEXT_MESSAGE_CONTENT', 'RUN_FINISHED']);
    expect(runs).toBe(1);
  });

  it("delivers graphql-sse's complete event, which has data, and ends with it", async () => {
    const schema = new GraphQLSchema({
      query: new GraphQLObjectType({ name: 'Query', fields: { zero: { type: GraphQLInt, resolve: () => 0 } } }),
      subscription: new GraphQLObjectType({
        name: 'Subscription',
        fields: {
          count: {
            type: GraphQLInt,
            subscribe: async function* () {
              for (let count = 1; count <= 3; count += 1) yield await Promise.resolve({ count });
            },
          },
        },
      }),
    });
    const handler = createHandler({ schema });
    const origin = await serve((request, response) => void handler(request, response));
    const events = await readAll<{ data: { count: number } } | string>(origin, {
      headers: { ...json, Accept: 'text/event-stream' },
      body: JSON.stringify({ query: 'subscription { count }' }),
      decode: 'auto',
      completeOn: { type: 'complete' },
    });
    expect(events.map(({ data }) => data)).toEqual([1, 2, 3].map((count) => ({ data: { count } })));
  });

  it('resumes a Durable Stream by its offset, which its control events name', async () => {
    const server = new DurableStreamTestServer({ port: 0 });
    const origin = await server.start();
    endings.push(() => server.stop());
    const url = `${origin}/orders`;
    const append = (n: number): Promise<Response> =>
      fetch(url, { method: 'POST', headers: json, body: JSON.stringify([{ n }]) });
    await fetch(url, { method: 'PUT', headers: json });
    await append(1);

    let offset = '-1';
    const offsets: string[] = [];
    const received: number[] = [];
    const stream = createEventStream(
      () => {
        offsets.push(offset);
        return `${url}?live=sse&offset=${offset}`;
      },
      { reconnect: { baseDelayMs: 1 } },
    );
    endings.push(() => stream.close());
    stream.subscribe({
      next: ({ type, data }) => {
        if (type === 'control') offset = (data as { streamNextOffset: string }).streamNextOffset;
        else received.push(...(data as { n: number }[]).map(({ n }) => n));
      },
    });
    await expect.poll(() => received).toEqual([1]);
    await expect.poll(() => offset).not.toBe('-1');
    stream.reconnect();
    await append(2);
    await expect.poll(() => received).toEqual([1, 2]);
    expect(offsets.at(-1)).not.toBe('-1');
  });

  it("delivers the closing event of OpenAI's Responses API, and its failure (its wire format, simulated)", async () => {
    const event = (type: string, data: object): string =>
      `event: ${type}\ndata: ${JSON.stringify({ type, ...data })}\n\n`;
    for (const closing of ['response.completed', 'response.failed']) {
      let requests = 0;
      const origin = await serve((_request, response) => {
        requests += 1;
        response.writeHead(200, { 'Content-Type': 'text/event-stream; charset=utf-8' });
        response.write(event('response.output_text.delta', { delta: 'Hi' }));
        response.write(event(closing, { response: { usage: { total_tokens: 7 } } }));
        response.end();
      });
      const events = await readAll<{ type: string }>(origin, {
        headers: json,
        body: '{}',
        completeOn: ['response.completed', 'response.failed'].map((type) => ({ type, deliver: 'event' as const })),
      });
      expect(events.map(({ data }) => data.type)).toEqual(['response.output_text.delta', closing]);
      expect(requests).toBe(1);
    }
  });
});

// Prevents: a comparison in which somebody does less. Each contender reads the same body and hands over every event's parsed data.
import { createEventStream } from '@sillage/client';
import { createParser } from 'eventsource-parser';
import { bodyOf, createCounter, responseOf } from './client-fixtures.mjs';

const url = 'http://localhost/events';

/** Each reads one fixture, and resolves after its last event. Libraries are imported only by their own contender. */
export const contenders = {
  /** What no client can avoid: decoding, parsing the stream and the JSON, one object for each event. */
  async floor(fixture) {
    const counter = createCounter(fixture);
    let id = '';
    const take = (event) => counter.take(event.data);
    const parser = createParser({
      onEvent: (message) => {
        id = message.id ?? id;
        take({ id, type: message.event ?? 'message', data: JSON.parse(message.data) });
      },
    });
    const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
    const reader = bodyOf(fixture).getReader();
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      parser.feed(decoder.decode(value, { stream: true }));
    }
    await counter.done;
  },

  async '@sillage/client'(fixture) {
    const counter = createCounter(fixture);
    const stream = createEventStream(url, { fetch: () => Promise.resolve(responseOf(fixture)), onEnd: 'complete' });
    stream.subscribe({ next: (event) => counter.take(event.data), error: counter.fail });
    await counter.done;
    stream.close();
  },

  async '@sillage/client, for await'(fixture) {
    const counter = createCounter(fixture);
    const stream = createEventStream(url, { fetch: () => Promise.resolve(responseOf(fixture)), onEnd: 'complete' });
    for await (const event of stream) counter.take(event.data);
    await counter.done;
  },

  async eventsource(fixture) {
    const { EventSource } = await import('eventsource');
    const counter = createCounter(fixture);
    const source = new EventSource(url, { fetch: () => Promise.resolve(responseOf(fixture)) });
    source.onmessage = (event) => counter.take(JSON.parse(event.data));
    await counter.done;
    source.close();
  },

  async 'eventsource-client'(fixture) {
    const { createEventSource } = await import('eventsource-client');
    const counter = createCounter(fixture);
    const source = createEventSource({
      url,
      fetch: () => Promise.resolve(responseOf(fixture)),
      onMessage: (event) => counter.take(JSON.parse(event.data)),
    });
    await counter.done;
    source.close();
  },

  async 'fetch-event-source'(fixture) {
    // It is written for pages: what it takes from one is simulated.
    globalThis.window ??= globalThis;
    globalThis.document ??= { hidden: false, addEventListener: () => {}, removeEventListener: () => {} };
    const { fetchEventSource } = await import('@microsoft/fetch-event-source');
    const counter = createCounter(fixture);
    const controller = new AbortController();
    const run = fetchEventSource(url, {
      fetch: () => Promise.resolve(responseOf(fixture)),
      openWhenHidden: true,
      signal: controller.signal,
      onmessage: (event) => counter.take(JSON.parse(event.data)),
    });
    await counter.done;
    controller.abort();
    await run;
  },

  async openai(fixture) {
    const { Stream } = await import('openai/streaming');
    const counter = createCounter(fixture);
    for await (const data of Stream.fromSSEResponse(responseOf(fixture), new AbortController())) counter.take(data);
    await counter.done;
  },
};

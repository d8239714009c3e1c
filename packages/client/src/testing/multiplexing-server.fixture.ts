import { settle } from './scripted-world.fixture.ts';

interface Connection {
  readonly streams: Readonly<Record<string, { readonly path: string; readonly after?: string }>>;
  readonly authorization: string | null;
  readonly write: (text: string) => void;
}

/** A server with one log, which multiplexes (PROTOCOL 10). Each path is a topic. */
export class MultiplexingServer {
  readonly #events: { readonly path: string; readonly data: number }[] = [];
  readonly connections = new Set<Connection>();
  /** Every request that was not multiplexed. */
  readonly others: string[] = [];
  requests = 0;
  /** The most connections that were open at the same moment. */
  most = 0;

  /** The `fetch` of a tab or worker. */
  readonly fetch = async (input: RequestInfo | URL, init: RequestInit = {}): Promise<Response> => {
    await settle();
    init.signal?.throwIfAborted();
    const url = new URL(input as string);
    this.requests += 1;
    const isMultiplexed = url.pathname === '/multiplex';
    if (!isMultiplexed) this.others.push(url.pathname);
    const headers = new Headers(init.headers);
    const streams = isMultiplexed
      ? (JSON.parse(init.body as string) as { streams: Connection['streams'] }).streams
      : { alone: { path: url.pathname, after: headers.get('Last-Event-ID') ?? undefined } };
    const encoder = new TextEncoder();
    let close = (): void => undefined;
    const body = new ReadableStream<Uint8Array>({
      start: (controller) => {
        const connection: Connection = {
          streams: streams as Connection['streams'],
          authorization: headers.get('Authorization'),
          write: (text) => controller.enqueue(encoder.encode(text)),
        };
        this.connections.add(connection);
        this.most = Math.max(this.most, this.connections.size);
        close = () => this.connections.delete(connection);
        init.signal?.addEventListener('abort', () => {
          if (this.connections.delete(connection)) controller.error(init.signal?.reason);
        });
        for (const [key, { path, after }] of Object.entries(streams)) {
          const head = { key, status: 200, headers: { 'Content-Type': 'text/event-stream' } };
          if (isMultiplexed) connection.write(`event: head\ndata: ${JSON.stringify(head)}\n\n`);
          const from = after === undefined ? this.#events.length : Number(after);
          this.#send(connection, key, `id: ${from}\n\n`);
          for (const [index, event] of this.#events.entries()) {
            if (index >= from && event.path === path)
              this.#send(connection, key, `id: ${index + 1}\ndata: ${event.data}\n\n`);
          }
          // Where the replay ends (PROTOCOL 5.6).
          this.#send(connection, key, `id: ${this.#events.length}\n\n`);
        }
      },
      cancel: () => close(),
    });
    return new Response(body, { headers: { 'Content-Type': 'text/event-stream' } });
  };

  async publish(path: string, data: number): Promise<void> {
    this.#events.push({ path, data });
    for (const connection of this.connections) {
      for (const [key, wanted] of Object.entries(connection.streams)) {
        if (wanted.path === path) this.#send(connection, key, `id: ${this.#events.length}\ndata: ${data}\n\n`);
      }
    }
    await settle();
  }

  #send({ write }: Connection, key: string, text: string): void {
    write(key === 'alone' ? text : `event: part\ndata: ${key} ${text.length}\n\n${text}`);
  }
}

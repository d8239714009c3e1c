import { Client } from 'pg';
import type { ClientConfig } from 'pg';
import type { Clock } from '../../core/index.ts';
import type { Query } from './queries.ts';

export interface NodeConnectionOptions {
  readonly config: ClientConfig;
  readonly clock: Clock;
  readonly onError: (error: unknown) => void;
  /** Something may have to be read. */
  readonly onNotification: (payload: string) => void;
  /** Runs once a connection is there, until it is lost (by throwing) or the node stops (by returning). */
  readonly serve: (query: Query) => Promise<void>;
}

/** No statement of a node takes this long. One that does has lost its connection without being told. */
const queryTimeoutMs = 3_000;
const connectTimeoutMs = 3_000;
const minRetryMs = 50;
const maxRetryMs = 1_000;

/** The node's own connection, which is replaced whenever it is lost. */
export class NodeConnection {
  readonly #options: NodeConnectionOptions;
  #client: Client | undefined;
  #cancelRetry: (() => void) | undefined;
  #isStopped = false;
  readonly finished: Promise<void>;

  constructor(options: NodeConnectionOptions) {
    this.#options = options;
    this.finished = this.#run();
  }

  /** Ends the connection, and with it what `serve` waits for. */
  stop(): void {
    this.#isStopped = true;
    this.#cancelRetry?.();
    if (this.#client !== undefined) destroy(this.#client);
  }

  async #run(): Promise<void> {
    let failures = 0;
    while (!this.#isStopped) {
      try {
        await this.#connect(() => (failures = 0));
      } catch (error) {
        // The end of the connection that stop() has ended.
        if (this.#hasStopped()) return;
        this.#options.onError(error);
      }
      failures += 1;
      await this.#pause(Math.min(minRetryMs * 2 ** failures, maxRetryMs) * (0.5 + 0.5 * Math.random()));
    }
  }

  async #connect(onConnected: () => void): Promise<void> {
    const { config, onNotification, serve } = this.#options;
    const client = new Client({
      application_name: 'sillage',
      ...config,
      connectionTimeoutMillis: connectTimeoutMs,
      query_timeout: queryTimeoutMs,
      keepAlive: true,
    });
    this.#client = client;
    let lose: (error: unknown) => void = () => undefined;
    const lost = new Promise<never>((_, reject) => (lose = reject));
    // Nobody may be waiting when it happens.
    lost.catch(() => undefined);
    client.on('error', lose);
    client.on('end', () => lose(new Error('The connection to PostgreSQL was closed.')));
    client.on('notification', ({ payload = '' }) => onNotification(payload));
    try {
      await Promise.race([client.connect(), lost]);
      onConnected();
      const query: Query = async <Row>(text: string, values: readonly unknown[] = []) => {
        const { rows } = await Promise.race([client.query({ name: nameOf(text), text, values: [...values] }), lost]);
        return rows as Row[];
      };
      await serve(query);
    } finally {
      this.#client = undefined;
      destroy(client);
    }
  }

  #hasStopped(): boolean {
    return this.#isStopped;
  }

  async #pause(ms: number): Promise<void> {
    if (this.#isStopped) return;
    await new Promise<void>((resolve) => {
      const cancel = this.#options.clock.setTimer(resolve, ms);
      this.#cancelRetry = () => {
        cancel();
        resolve();
      };
    });
    this.#cancelRetry = undefined;
  }
}

/** Prepared statements: planning some of them costs more than running them. The connection is direct, so it keeps them. */
const names = new Map<string, string>();

function nameOf(text: string): string {
  let name = names.get(text);
  if (name === undefined) names.set(text, (name = `sillage-${names.size}`));
  return name;
}

/** `end()` waits for the server, which may be the reason to give up. */
function destroy(client: Client): void {
  client.on('error', () => undefined);
  void client.end().catch(() => undefined);
  const { connection } = client as unknown as { readonly connection: { readonly stream: { destroy(): void } } };
  connection.stream.destroy();
}

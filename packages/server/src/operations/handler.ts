import type { Exchange } from '../http/index.ts';
import type { Health } from './health.ts';
import type { Metrics } from './metrics.ts';

export interface OperationsOptions {
  readonly health: Health;
  /** Serves `/metrics`. They say how many users there are: serve them on an internal port, or behind a proxy that keeps them in. @default not served */
  readonly metrics?: Metrics;
}

/** Answers the requests of platforms and of Prometheus. */
export interface Operations {
  /**
   * Answers `/healthz` (the process runs), `/readyz` (200, or 503 with what is wrong) and `/metrics`. Returns `'unknown'`, and does nothing, for other
   * paths and methods.
   */
  handle(exchange: Exchange): Promise<'answered' | 'unknown'>;
}

/**
 * Serves health and metrics.
 *
 * @example
 * const operations = createOperations({ health, metrics });
 * createServer(async (request, response) => {
 *   if ((await operations.handle(createNodeExchange(request, response))) === 'unknown') response.writeHead(404).end();
 * }).listen(9090);
 */
export function createOperations({ health, metrics }: OperationsOptions): Operations {
  return {
    async handle(exchange) {
      const { method, path } = exchange.request;
      if (method !== 'GET' && method !== 'HEAD') return 'unknown';
      switch (path) {
        case '/healthz':
          answer(exchange, 200, 'application/json', JSON.stringify({ status: 'ok' }));
          return 'answered';
        case '/readyz': {
          const report = await health.ready();
          answer(exchange, report.status === 'ok' ? 200 : 503, 'application/json', JSON.stringify(report));
          return 'answered';
        }
        case '/metrics':
          if (metrics === undefined) return 'unknown';
          answer(exchange, 200, metrics.contentType, await metrics.read());
          return 'answered';
        default:
          return 'unknown';
      }
    },
  };
}

function answer({ request, transport }: Exchange, status: number, contentType: string, text: string): void {
  const body = new TextEncoder().encode(text);
  transport.start(status, {
    'Content-Type': contentType,
    'Content-Length': String(body.byteLength),
    'Cache-Control': 'no-store',
  });
  if (request.method === 'GET') transport.write(body);
  transport.end();
}

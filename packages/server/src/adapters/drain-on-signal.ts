import type { Server } from 'node:http';
import { checkBounds } from '../core/index.ts';
import type { StreamEndpoint } from '../endpoint/index.ts';
import type { DrainOptions } from '../sessions/index.ts';

export interface DrainOnSignalOptions extends DrainOptions {
  /** The endpoints whose sessions are moved. */
  readonly endpoints: readonly Pick<StreamEndpoint, 'drain' | 'close'>[];
  readonly server: Pick<Server, 'close' | 'closeIdleConnections' | 'closeAllConnections'>;
  /** @default ['SIGTERM'] */
  readonly signals?: readonly NodeJS.Signals[];
  /** Closes what the endpoints used: hubs, logs, databases. Called when no session is left. */
  readonly onDrained?: () => void | Promise<void>;
  /** Called with what `onDrained` threw. @default console.error */
  readonly onError?: (error: unknown) => void;
}

/**
 * Shuts a server down at the first signal so that no client notices (PROTOCOL 9.7): it drains the endpoints while the server answers its other
 * requests, then stops listening, calls `onDrained`, and closes the connections that are left. The process ends when nothing else keeps it
 * alive; a second signal ends it at once.
 *
 * @returns a function that no longer waits for the signals.
 * @throws ConfigurationError for a time that is not a whole number of at least 1.
 *
 * @example drainOnSignal({ endpoints: [endpoint], server: app.listen(3000), onDrained: () => hub.close() })
 */
export function drainOnSignal(options: DrainOnSignalOptions): () => void {
  const { endpoints, server, signals = ['SIGTERM'], onDrained, onError = console.error, ...drainOptions } = options;
  const { windowMs = 1, maxRetryMs = 1 } = drainOptions;
  checkBounds({ windowMs, maxRetryMs });
  const stop = (): void => {
    for (const signal of signals) process.off(signal, onSignal);
  };
  const shutDown = async (): Promise<void> => {
    await Promise.all(endpoints.map((endpoint) => endpoint.drain(drainOptions)));
    for (const endpoint of endpoints) endpoint.close();
    server.close();
    server.closeIdleConnections();
    await onDrained?.();
  };
  const onSignal = (): void => {
    stop();
    shutDown()
      .catch(onError)
      .finally(() => server.closeAllConnections());
  };
  for (const signal of signals) process.on(signal, onSignal);
  return stop;
}

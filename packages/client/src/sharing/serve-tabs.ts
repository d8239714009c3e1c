import { defaultRuntime } from '../options/index.ts';
import { TabHost, type TabHostOptions } from './tab-host.ts';
import type { TabMessage } from './tab-messages.ts';

/** The global scope of a SharedWorker, as far as it is used here. */
export interface SharedWorkerScope {
  onconnect: ((event: MessageEvent) => void) | null;
}

/**
 * Holds the connection of all tabs of an origin. Call it in the file of a SharedWorker, which {@link createTabSharing} is given as `worker`.
 *
 * @example
 * ```ts
 * // sillage.worker.ts
 * import { serveTabs } from '@sillage/client/sharing';
 *
 * serveTabs();
 * ```
 */
export function serveTabs(
  scope: SharedWorkerScope = globalThis as unknown as SharedWorkerScope,
  options: Partial<TabHostOptions> = {},
): void {
  const host = new TabHost({ fetch: (input, init) => fetch(input, init), runtime: defaultRuntime(), ...options });
  scope.onconnect = ({ ports: [port] }) => {
    if (port === undefined) return;
    const connection = host.connect((message) => port.postMessage(message));
    port.onmessage = ({ data }: { readonly data: TabMessage }) => connection.receive(data);
    port.start();
  };
}

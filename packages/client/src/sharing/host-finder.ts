import type { HostLink } from './tab-requests.ts';
import type { TabConnection, TabHost } from './tab-host.ts';
import type { HostMessage, TabMessage } from './tab-messages.ts';

/** What a way to find a host tells its tab. */
export interface FinderEvents {
  /** There is a host now, or another one; `undefined` if there is none at the moment. */
  readonly found: (link: HostLink | undefined) => void;
  readonly received: (link: HostLink, message: HostMessage) => void;
  /** This way does not work here. */
  readonly failed: () => void;
}

/** A way to find the holder of the connection. */
export interface HostFinder {
  readonly role: 'worker' | 'leader' | 'follower' | 'alone';
  /** The connections that this tab itself holds. */
  readonly connectionCount: number;
  start(): void;
  /** Whether the tab has requests: then it checks that its host is alive. */
  busy(state: 'busy' | 'idle'): void;
  /** Ends everything, and tells the host. May be started again. */
  stop(): void;
}

/** Connects a tab to a host in the same tab, by function calls instead of messages. */
export function connectLocally(host: TabHost, received: FinderEvents['received']): HostLink & { close(): void } {
  const connection: TabConnection = host.connect((message) => received(link, message));
  const link = {
    post: (message: TabMessage) => connection.receive(message),
    close: () => connection.close(),
  };
  return link;
}

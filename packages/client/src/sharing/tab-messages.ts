/** What the sharing of connections between tabs needs of a request: everything that can be sent to another realm. */
export interface TabRequest {
  /** Unique in its tab. */
  readonly id: number;
  /** Absolute. */
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly init: Pick<RequestInit, 'credentials' | 'cache' | 'redirect' | 'mode'>;
  /** The base URL of the multiplexer that sends it. */
  readonly base: string;
  readonly multiplexAt: string;
}

/** From a tab to the one that holds the connection. */
export type TabMessage =
  | { readonly type: 'open'; readonly request: TabRequest }
  | { readonly type: 'cancel'; readonly id: number }
  /** The tab has read so many bytes of a response. */
  | { readonly type: 'taken'; readonly id: number; readonly bytes: number }
  | { readonly type: 'ping' }
  | { readonly type: 'goodbye' };

/** From the holder of the connection to a tab. */
export type HostMessage =
  | {
      readonly type: 'head';
      readonly id: number;
      readonly status: number;
      readonly headers: Readonly<Record<string, string>>;
    }
  /** `follows`: `'more'` if an event may be cut at the end of the bytes. */
  | { readonly type: 'part'; readonly id: number; readonly bytes: Uint8Array; readonly follows: 'more' | 'nothing' }
  | { readonly type: 'end'; readonly id: number }
  | { readonly type: 'failed'; readonly id: number; readonly message: string }
  | { readonly type: 'pong' };

/** How many bytes may be on their way to a tab that has not said that it read them. A frozen tab reads nothing, and its messages wait in memory. */
export const maxUnreadBytes = 262_144;

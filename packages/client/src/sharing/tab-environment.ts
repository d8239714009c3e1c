/** A channel between the tabs of an origin: `BroadcastChannel`. */
export interface TabChannel {
  postMessage(message: unknown): void;
  onmessage: ((event: { readonly data: unknown }) => void) | null;
  close(): void;
}

/** What tab sharing takes from the browser. Inject your own to test it without one. */
export interface TabEnvironment {
  /** `navigator.locks`; `undefined` where there are none. */
  readonly locks: Pick<LockManager, 'request'> | undefined;
  /** Opens a `BroadcastChannel`; `undefined` where there are none. */
  readonly openChannel: ((name: string) => TabChannel) | undefined;
  /** A text that no other tab has. */
  readonly randomId: () => string;
  /**
   * Calls back when the page goes away, into the back/forward cache, or is frozen (Page Lifecycle, `freeze`), and when it returns from there. Returns
   * a function that stops.
   */
  readonly onVisit: (hidden: () => void, shown: () => void) => () => void;
}

interface Globals {
  readonly navigator?: { readonly locks?: LockManager };
  readonly document?: EventTarget;
  readonly BroadcastChannel?: new (name: string) => TabChannel;
  addEventListener?(type: string, listener: (event: Event) => void): void;
  removeEventListener?(type: string, listener: (event: Event) => void): void;
}

export function browserEnvironment(globals = globalThis as unknown as Globals): TabEnvironment {
  const { BroadcastChannel: Channel } = globals;
  return {
    locks: globals.navigator?.locks,
    openChannel: Channel === undefined ? undefined : (name) => new Channel(name),
    randomId: () => crypto.getRandomValues(new Uint32Array(4)).join('-'),
    onVisit(hidden, shown) {
      const onShow = (event: Event): void => {
        if ((event as PageTransitionEvent).persisted) shown();
      };
      globals.addEventListener?.('pagehide', hidden);
      globals.addEventListener?.('pageshow', onShow);
      // A frozen page keeps its locks, and may still answer messages: others would not notice that it relays nothing.
      globals.document?.addEventListener('freeze', hidden);
      globals.document?.addEventListener('resume', shown);
      return () => {
        globals.document?.removeEventListener('freeze', hidden);
        globals.document?.removeEventListener('resume', shown);
        globals.removeEventListener?.('pagehide', hidden);
        globals.removeEventListener?.('pageshow', onShow);
      };
    },
  };
}

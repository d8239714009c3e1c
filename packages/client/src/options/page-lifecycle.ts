/** What a stream needs to know of the page it lives in. */
export interface PageLifecycle {
  /** What the browser believes of the network. `'online'` where nobody can say, as in Node. */
  network(): 'online' | 'offline';
  /**
   * Calls `listener` when a wait has become pointless: the network is back, or the page has come out of sleep, freeze or the
   * back/forward cache. Returns the way to stop listening.
   */
  onWake(listener: () => void): () => void;
}

/** Where the events of {@link browserLifecycle} come from: `window`, or a worker's `self`. */
interface LifecycleTarget {
  navigator?: { onLine?: boolean };
  document?: EventTarget;
  addEventListener?(type: string, listener: (event: Event) => void): void;
  removeEventListener?(type: string, listener: (event: Event) => void): void;
}

/** The lifecycle of the page or worker that this code runs in; in Node, one that is always online and never sleeps. */
export function browserLifecycle(target: LifecycleTarget = globalThis): PageLifecycle {
  return {
    network: () => (target.navigator?.onLine === false ? 'offline' : 'online'),
    onWake(listener) {
      const onPageShow = (event: Event): void => {
        // Only a page out of the back/forward cache was asleep; an ordinary load fires `pageshow` too.
        if ((event as PageTransitionEvent).persisted) listener();
      };
      const onResume = (): void => listener();
      target.addEventListener?.('online', onResume);
      target.addEventListener?.('pageshow', onPageShow);
      target.document?.addEventListener('resume', onResume);
      return () => {
        target.removeEventListener?.('online', onResume);
        target.removeEventListener?.('pageshow', onPageShow);
        target.document?.removeEventListener('resume', onResume);
      };
    },
  };
}

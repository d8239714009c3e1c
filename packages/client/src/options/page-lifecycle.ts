/** What a stream needs to know about the page it runs in. */
export interface PageLifecycle {
  /** What the browser reports about the network; `'online'` if the platform reports nothing, as in Node. */
  network(): 'online' | 'offline';
  /**
   * Calls `listener` when the network is back, or when the page returns from sleep, freeze or the back/forward cache. Returns a function
   * that stops listening.
   */
  onWake(listener: () => void): () => void;
}

/** The source of the events of {@link browserLifecycle}: `window`, or a worker's `self`. */
interface LifecycleTarget {
  navigator?: { onLine?: boolean };
  document?: EventTarget;
  addEventListener?(type: string, listener: (event: Event) => void): void;
  removeEventListener?(type: string, listener: (event: Event) => void): void;
}

/** The lifecycle of the page or worker that this code runs in; in Node, always online and never asleep. */
export function browserLifecycle(target: LifecycleTarget = globalThis): PageLifecycle {
  return {
    network: () => (target.navigator?.onLine === false ? 'offline' : 'online'),
    onWake(listener) {
      const onPageShow = (event: Event): void => {
        // Only a page that returns from the back/forward cache was asleep; an ordinary load fires `pageshow` too.
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

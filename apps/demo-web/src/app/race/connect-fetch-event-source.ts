import { EventStreamContentType, fetchEventSource } from '@microsoft/fetch-event-source';
import type { Pulse } from 'demo-contract';
import type { Connect } from './lane';

/** `@microsoft/fetch-event-source` 2.0.1 with its defaults: the callbacks only watch. */
export function connectFetchEventSource(urlOf: (viewer: string) => string): Connect {
  return (viewer, observer) => {
    const abort = new AbortController();
    fetchEventSource(urlOf(viewer), {
      signal: abort.signal,
      // Hidden, it would end its stream, and the lanes would not be compared any more.
      openWhenHidden: true,
      onopen: (response) => {
        // Its default check, which this callback replaces.
        const type = response.headers.get('content-type');
        if (type?.startsWith(EventStreamContentType) !== true)
          throw new Error(`Unexpected content type: ${type ?? ''}`);
        observer.state('open');
        return Promise.resolve();
      },
      onmessage: ({ data }) => {
        // A comment arrives as a message without data.
        if (data !== '') observer.pulse(JSON.parse(data) as Pulse);
      },
      onerror: () => {
        observer.state('waiting');
      },
    }).then(
      () => observer.state('ended'),
      () => observer.state('ended'),
    );
    return () => abort.abort();
  };
}

import type { Pulse } from 'demo-contract';
import type { Connect } from './lane';

/** The browser's own client, as a page would use it. */
export function connectEventSource(urlOf: (viewer: string) => string): Connect {
  return (viewer, observer) => {
    const source = new EventSource(urlOf(viewer));
    source.onopen = () => observer.state('open');
    source.onmessage = ({ data }: MessageEvent<string>) => observer.pulse(JSON.parse(data) as Pulse);
    // After an answer other than 200 it is closed, and does not try again (WHATWG HTML 9.2.3).
    source.onerror = () => observer.state(source.readyState === EventSource.CLOSED ? 'ended' : 'waiting');
    return () => source.close();
  };
}

import type { Decode, Gap, ReconnectPolicy, StreamState } from '@sillage/client';
import type { Observable } from 'rxjs';
import type { SseAuthenticationFactory } from './sse-authentication';

/** What `SseClient.stream()` takes beside the URL. */
export interface SseOptions<T = unknown> {
  /** Default `'GET'`, or `'POST'` where there is a `body`. */
  readonly method?: string;
  /** Sent with every attempt. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent as JSON, unless it is a string, which is sent as it is. */
  readonly body?: unknown;
  /** How data becomes a value. Default `'json'`, which leaves as text what is no JSON. */
  readonly decode?: Decode<T>;
  /** Where to resume. Default `''`: at the present. */
  readonly lastEventId?: string;
  /** Overrides what `withReconnect()` said. */
  readonly reconnect?: 'never' | Partial<ReconnectPolicy>;
  /**
   * How long a connection may be silent, heartbeats included, in ms. Default: two and a half of the server's heartbeat intervals where it
   * told them, else no bound. `null`: no bound at all.
   */
  readonly heartbeatTimeoutMs?: number | null;
  /** How long a connection may bring no event, in ms, however many heartbeats come. Default `null`: no bound. */
  readonly idleTimeoutMs?: number | null;
  /** Ends the stream at an event with exactly this data, such as `'[DONE]'`. Default `null`: only `complete` does. */
  readonly completeOnData?: string | null;
  /** Overrides who the stream is opened as; `null`: nobody, no token is sent. */
  readonly authentication?: SseAuthenticationFactory | null;
  /**
   * How the token travels: default `'header'`. `'ticket'`: a single-use ticket from `ticketUrl` stands for it in the URL. `'query'`: it stands
   * in the URL itself, which RFC 9700 4.3.2 forbids.
   */
  readonly tokenTransport?: 'header' | 'query' | 'ticket';
  /** Where tickets are given out, relative to `withBaseUrl()`. Needed for `tokenTransport: 'ticket'`. */
  readonly ticketUrl?: string;
  /** Cuts a wait short at each emission: the next attempt begins at once. */
  readonly reconnectOn?: Observable<unknown>;
  /** Called when the stream moves to another state. */
  readonly onState?: (state: StreamState) => void;
  /** Called with the ID to give as `lastEventId` to go on from there: after each event, and where a connection begins. */
  readonly onEventId?: (id: string) => void;
  /** Called when events were lost that the server's log no longer holds (PROTOCOL 5.3). */
  readonly onGap?: (gap: Gap) => void;
}

/** What interceptors see: the options, and the absolute URL. */
export interface SseRequest extends SseOptions {
  readonly url: string;
}

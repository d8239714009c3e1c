import type { AccountInfo } from '@azure/msal-browser';
import type { Gap, ReconnectPolicy, StreamState } from '@sillage/client';
import type { Observable } from 'rxjs';

/** How one call of a {@link BaseMsalApiService} differs from what `withMsal()` said. */
export interface MsalApiConfig {
  /** The scopes of the token. Default: those of `withMsal()`. */
  readonly scopes?: readonly string[];
  /** The account to act as. Default: MSAL's active account, else the only one that is signed in. */
  readonly account?: AccountInfo;
  /** How a stream reconnects, or `'never'`. Default: what `withReconnect()` said. */
  readonly reconnect?: 'never' | Partial<ReconnectPolicy>;
  /**
   * How long a connection may be silent, heartbeats included, in ms. Default: two and a half of the server's heartbeat intervals where it
   * told them, else no bound. `null`: no bound at all.
   */
  readonly heartbeatTimeoutMs?: number | null;
  /** How long a connection may bring no event, in ms, however many heartbeats come. Default `null`: no bound. */
  readonly idleTimeoutMs?: number | null;
  /** Where a stream resumes. Default: at the present. */
  readonly lastEventId?: string;
  /**
   * How the token travels: default `'header'`. `'ticket'`: a single-use ticket from `ticketUrl` stands for it in the URL. `'query'`: it stands
   * in the URL itself, which RFC 9700 4.3.2 forbids.
   */
  readonly tokenTransport?: 'header' | 'query' | 'ticket';
  /** Where tickets are given out, relative to `withBaseUrl()`. Needed for `tokenTransport: 'ticket'`. */
  readonly ticketUrl?: string;
  /** Called when a stream moves to another state. */
  readonly onState?: (state: StreamState) => void;
  /** Called with the ID to give as `lastEventId` to go on from there: after each event, and where a connection begins. */
  readonly onEventId?: (id: string) => void;
  /** Cuts a wait short at each emission: the next attempt begins at once. */
  readonly reconnectOn?: Observable<unknown>;
  /** Called when events of a stream were lost that the server's log no longer holds. */
  readonly onGap?: (gap: Gap) => void;
}

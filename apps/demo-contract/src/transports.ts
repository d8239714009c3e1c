/** An event of `transports/stream`: how the token of this very connection came. */
export interface TransportSight {
  readonly transport: 'header' | 'query' | 'ticket';
  /** What logs, proxies and histories keep of the request. A token is told by its length; a ticket, which is void by now, as it was. */
  readonly url: string;
  /** ISO 8601. */
  readonly at: string;
}

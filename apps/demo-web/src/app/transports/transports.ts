import { Component, inject } from '@angular/core';
import type { TransportSight } from 'demo-contract';
import { TransportApi } from '@app/api';
import { StreamBar, StreamView } from '@app/stream';

interface Transport {
  readonly key: TransportSight['transport'];
  readonly name: string;
  readonly how: string;
  readonly exposes: string;
  readonly view: StreamView<TransportSight>;
}

/** The three ways to carry a token, side by side. */
@Component({
  selector: 'app-transports',
  imports: [StreamBar],
  templateUrl: './transports.html',
  styleUrl: './transports.scss',
})
export class Transports {
  readonly #api = inject(TransportApi);

  protected readonly transports: readonly Transport[] = [
    {
      key: 'header',
      name: $localize`:@@transports.header:In the header`,
      how: $localize`:@@transports.header.how:fetch sends Authorization: Bearer. Sillage’s own way, and the default.`,
      exposes: $localize`:@@transports.header.exposes:Nothing: no URL holds the token or anything that stands for it.`,
      view: this.#view((config) => this.#api.byHeader(config)),
    },
    {
      key: 'ticket',
      name: $localize`:@@transports.ticket:By ticket`,
      how: $localize`:@@transports.ticket.how:The browser’s own EventSource, which can send no header. A POST with the token gets a ticket for it first.`,
      exposes: $localize`:@@transports.ticket.exposes:A ticket that was void as soon as the stream opened: it works once, for this stream, for seconds.`,
      view: this.#view((config) => this.#api.byTicket(config)),
    },
    {
      key: 'query',
      name: $localize`:@@transports.query:In the URL`,
      how: $localize`:@@transports.query.how:The token stands in the URL as access_token. RFC 9700 forbids it, and every other stream of this API refuses it.`,
      exposes: $localize`:@@transports.query.exposes:The whole token, to whoever keeps URLs: access logs, proxies, histories. It works until it expires.`,
      view: this.#view((config) => this.#api.byQuery(config)),
    },
  ];

  /** What the API tells of a URL, the length of a token in the page's language. */
  protected urlOf(sight: TransportSight | null): string {
    return sight === null
      ? '–'
      : sight.url.replace(
          /\((\d+) characters\)/,
          (_, length: string) => $localize`:@@transports.length:(${length}:length: characters)`,
        );
  }

  #view(source: Parameters<StreamView<TransportSight>['open']>[0]): StreamView<TransportSight> {
    const view = new StreamView<TransportSight>({ maxItems: 1 });
    view.open(source);
    return view;
  }
}

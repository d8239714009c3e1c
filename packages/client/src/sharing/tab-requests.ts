import { CarriedResponse } from './carried-request.ts';
import type { HostMessage, TabMessage, TabRequest } from './tab-messages.ts';

/** How a tab reaches the holder of the connection. */
export interface HostLink {
  post(message: TabMessage): void;
}

export interface TabRequestsOptions {
  readonly maxQueuedBytes: number;
  /** A stream reads too slowly: its next request has to go alone. */
  readonly overflowed: (path: string) => void;
  /** A stream was opened. */
  readonly opened: () => void;
  /** The request of a stream failed. */
  readonly lost: (path: string) => void;
  /** A request was added or has ended: look at {@link TabRequests.size}. */
  readonly changed: () => void;
}

interface OpenRequest {
  readonly request: TabRequest;
  readonly response: CarriedResponse;
  /** The host that it was sent to; `undefined` before one is found. */
  link: HostLink | undefined;
  /** Of the answer; `undefined` before it has come. */
  status: number | undefined;
}

/**
 * The requests of one tab, sent to whatever host there is. If the host changes, requests without an answer are sent again, and open streams are asked to
 * rotate: they continue at the new host from their position, and their state stays `open`.
 */
export class TabRequests {
  readonly #options: TabRequestsOptions;
  readonly #open = new Map<number, OpenRequest>();
  #link: HostLink | undefined;
  #lastId = 0;

  constructor(options: TabRequestsOptions) {
    this.#options = options;
  }

  get size(): number {
    return this.#open.size;
  }

  send(request: Omit<TabRequest, 'id'>, signal: AbortSignal | undefined): Promise<Response> {
    const id = (this.#lastId += 1);
    const path = request.url.slice(request.base.length);
    return new Promise((respond, fail) => {
      const response: CarriedResponse = new CarriedResponse(
        { path, after: undefined, signal, respond, fail },
        this.#options.maxQueuedBytes,
        () => this.#gone(id),
      );
      if (response.isGone) return;
      const open: OpenRequest = { request: { ...request, id }, response, link: this.#link, status: undefined };
      this.#open.set(id, open);
      this.#link?.post({ type: 'open', request: open.request });
      this.#options.changed();
    });
  }

  /** @param link `undefined` after a host was lost and before the next one is found: open requests wait. */
  attach(link: HostLink | undefined): void {
    this.#link = link;
    if (link === undefined) return;
    for (const open of this.#open.values()) {
      if (open.link === link) continue;
      if (open.status !== undefined) {
        if (open.status === 200) open.response.askToMove();
        // The rest of a refusal's body will not come.
        else open.response.fail(new TypeError('The connection was lost.'));
        continue;
      }
      open.link = link;
      link.post({ type: 'open', request: open.request });
    }
  }

  /** @param link where the message comes from: an earlier host may still send. */
  receive(link: HostLink, message: HostMessage): void {
    if (message.type === 'pong') return;
    const open = this.#open.get(message.id);
    if (open?.link !== link) return;
    const { response, request } = open;
    switch (message.type) {
      case 'head':
        open.status = message.status;
        response.head(message.status, message.headers);
        if (message.status === 200) this.#options.opened();
        return;
      case 'part':
        link.post({ type: 'taken', id: message.id, bytes: message.bytes.byteLength });
        if (response.part(message.bytes, message.follows) === 'overflow')
          this.#options.overflowed(response.request.path);
        return;
      case 'end':
        response.end();
        return;
      case 'failed':
        this.#options.lost(request.url.slice(request.base.length));
        response.fail(new TypeError(message.message));
    }
  }

  #gone(id: number): void {
    const open = this.#open.get(id);
    // It may be gone before it was here, because its signal has aborted.
    if (open === undefined) return;
    this.#open.delete(id);
    open.link?.post({ type: 'cancel', id });
    this.#options.changed();
  }
}

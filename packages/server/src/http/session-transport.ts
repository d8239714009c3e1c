/** Gets the events of a response. Neither method may throw. */
export interface TransportWatcher {
  /** The response is over, for whatever reason. Called once. */
  onClose(): void;
  /** Everything that was written has gone out: more may be written. */
  onDrain(): void;
}

/**
 * One HTTP response, as a session sees it: the boundary behind which each runtime has an adapter. None of its methods throws, and
 * after the response has closed all of them do nothing.
 */
export interface SessionTransport {
  /** Whether the response is over, for whatever reason. It may be so before anything was written. */
  readonly isClosed: boolean;
  /**
   * Bytes that were written and that the network has not taken. It must fall while a large write goes out (by 64 KiB at a time, say),
   * and not only at its end: it tells a client that reads slowly from one that reads nothing.
   */
  readonly unsentBytes: number;
  /** Whether the response is a part of another one (PROTOCOL 10), which has the heartbeats. @default false */
  readonly isCarried?: boolean;
  /** Sends the head at once, with the first bytes of the body if there are any. */
  start(status: number, headers: Readonly<Record<string, string>>, body?: Uint8Array): void;
  /** Returns whether more may be written now; if not, `onDrain` is called later. What was written is sent all the same. */
  write(bytes: Uint8Array): boolean;
  /** Sends what was written and ends the response. */
  end(): void;
  /** Closes the connection, and drops what was not sent. */
  destroy(): void;
  /** Sets the watcher, which replaces an earlier one. `undefined` removes it. */
  watch(watcher: TransportWatcher | undefined): void;
}

/** A request, as an endpoint sees it. */
export interface EndpointRequest {
  /** In capitals. */
  readonly method: string;
  /** As the server received it, before any router removed a prefix. */
  readonly path: string;
  readonly query: URLSearchParams;
  /** A header by its name in lower case, as the HTTP stack has it: one character per byte. */
  header(name: string): string | undefined;
}

/** A request and its response. `native` is the framework's own request, which an application's callbacks get. */
export interface Exchange<Native = unknown> {
  readonly request: EndpointRequest;
  readonly native: Native;
  readonly transport: SessionTransport;
  /**
   * Reads the body as JSON. `'too-large'` if it has more bytes; `undefined` if it is not JSON, or cannot be read. Without it, there are no
   * multiplexed connections.
   */
  readonly readJson?: (maxBytes: number) => Promise<unknown>;
}

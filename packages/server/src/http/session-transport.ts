/**
 * One HTTP response, as a session sees it: the boundary behind which each runtime has an adapter. None of it throws, and after
 * the response has closed all of it does nothing.
 */
export interface SessionTransport {
  /** Whether the response is over, for whatever reason. May be so before anything was written. */
  readonly isClosed: boolean;
  /** Bytes that were written and that the network has not taken. */
  readonly unsentBytes: number;
  /** Sends the head at once, without waiting for a body. */
  start(status: number, headers: Readonly<Record<string, string>>): void;
  /** Answers whether more may be written now; if not, `onDrain` tells when. What was written is sent all the same. */
  write(bytes: Uint8Array): boolean;
  /** Sends what was written and ends the response. */
  end(): void;
  /** Cuts the connection off, with what was not sent. */
  destroy(): void;
  /** Calls back once, when the response is over. The answer takes the listener away. */
  onClose(listener: () => void): () => void;
  /** Calls back each time that more may be written again. The answer takes the listener away. */
  onDrain(listener: () => void): () => void;
}

/** A request, as an endpoint sees it. */
export interface EndpointRequest {
  /** In capitals. */
  readonly method: string;
  /** As it was asked for, before any router cut something off. */
  readonly path: string;
  readonly query: URLSearchParams;
  /** A header by its name in lower case, as the HTTP stack has it: one character a byte. */
  header(name: string): string | undefined;
}

/** A request and its response. `native` is what the framework calls the request, and what an application's callbacks get. */
export interface Exchange<Native = unknown> {
  readonly request: EndpointRequest;
  readonly native: Native;
  readonly transport: SessionTransport;
}

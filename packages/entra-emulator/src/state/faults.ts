/** Faults that wait. Past this bound a new one is refused. */
const maxFaults = 100;

/** The endpoints that can be made to fail. */
export const faultyEndpoints = ['authorize', 'token', 'keys', 'metadata'] as const;
export type FaultyEndpoint = (typeof faultyEndpoints)[number];

/** What the next requests to an endpoint meet. */
export interface Fault {
  readonly endpoint: FaultyEndpoint;
  /** `answer`: respond with `status` and `error`. `disconnect`: close the connection without a response. @default `answer` */
  readonly kind?: 'answer' | 'disconnect';
  /** 400 to 599. @default 400 where `error` is given, else 503. With neither of them, the request is only delayed */
  readonly status?: number;
  /** The OAuth error. On `authorize` it travels in a redirect, as errors there do. */
  readonly error?: string;
  /** How many requests, 1 to 1000. @default 1 */
  readonly count?: number;
  /** How long the request waits first, in milliseconds, at most 60,000. @default 0 */
  readonly delayMs?: number;
  /**
   * The `Retry-After` of an answered fault, at most 3,600,000, told in whole seconds, rounded up. Default: none. Without it
   * MSAL answers the same token request from its own memory for 60 s after a 429 or 5xx.
   */
  readonly retryAfterMs?: number;
}

export interface Faults {
  /** @returns whether there was room for it. */
  add(fault: Fault): 'added' | 'too-many';
  /** The fault that this request meets, if any. Faults of an endpoint are met in the order in which they were added. */
  take(endpoint: FaultyEndpoint): Fault | undefined;
  reset(): void;
}

export function createFaults(): Faults {
  const waiting: { readonly fault: Fault; left: number }[] = [];
  return {
    add(fault) {
      if (waiting.length >= maxFaults) {
        return 'too-many';
      }
      waiting.push({ fault, left: fault.count ?? 1 });
      return 'added';
    },
    take(endpoint) {
      const index = waiting.findIndex((one) => one.fault.endpoint === endpoint);
      const next = waiting[index];
      if (next === undefined) return undefined;
      if (--next.left <= 0) waiting.splice(index, 1);
      return next.fault;
    },
    reset() {
      waiting.length = 0;
    },
  };
}

/** What a scenario can do on any runtime: talk to the server under test, and control it. */
export interface World {
  /** The URL of a path beside the topics, as in `/count`; and of a topic's stream. */
  url(path: string): string;
  topic(name: string): string;
  /** A token of a user who may read, by default. */
  token(wanted?: TokenWish): Promise<string>;
  /** The lifetime of a token that expires soon, and is long enough to be used. */
  readonly shortTokenMs: number;
  /** Publishes events to a topic, in order. */
  publish(topic: string, ...events: readonly { readonly type?: string; readonly data: unknown }[]): Promise<void>;
  /** Cuts every open connection without notice, as a network does. */
  cutConnections(): Promise<void>;
  /** Replaces the log by an empty one, as a restart of an in-memory server does. */
  loseLog(): Promise<void>;
  /** Drains the server within a time, while another one with the same log takes new requests: a rolling restart. */
  drain(windowMs: number): Promise<void>;
  /** Resolves once a topic has this many sessions. */
  sessions(topic: string, count: number): Promise<void>;
}

/** Properties of a token. */
export interface TokenWish {
  /** Default: an hour. Negative: expired. */
  readonly lifetimeMs?: number;
  readonly scope?: 'read' | 'other';
  /** The authentication context that a claims challenge asked for. */
  readonly context?: 'c1';
}

/** One requirement, and the section of PROTOCOL.md that states it. */
export interface Scenario {
  readonly name: string;
  /** What a backend with only the minimum of the protocol, or a browser, may lack. */
  readonly needs?:
    'finite-streams' | 'claims-challenges' | 'session-announcements' | 'rotation' | 'multiplexing' | 'other-than-ascii';
  readonly run: (world: World) => Promise<void>;
}

/** Controls a conformance server over HTTP, also from a page. */
export function createWorld(server: string): World {
  const control = async (path: string, body: unknown = {}): Promise<void> => {
    // A control call that never answers would be a timeout without a reason.
    const response = await fetch(`${server}/control/${path}`, {
      method: 'POST',
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(15_000),
    }).catch((cause: unknown) => {
      throw new Error(`control/${path} with ${JSON.stringify(body)} did not answer within 15 s.`, { cause });
    });
    if (!response.ok) throw new Error(`control/${path} answered ${response.status}: ${await response.text()}`);
  };
  return {
    url: (path) => `${server}${path}`,
    topic: (name) => `${server}/topics/${name}`,
    // Simulated: the server's verifier reads it unchanged.
    token: ({ lifetimeMs = 3_600_000, scope = 'read', context } = {}) =>
      Promise.resolve(['alice', scope, Date.now() + lifetimeMs, ...(context === undefined ? [] : [context])].join('.')),
    shortTokenMs: 300,
    publish: (topic, ...events) => control('publish', { topic, events }),
    cutConnections: () => control('cut'),
    loseLog: () => control('lose-log'),
    drain: (windowMs) => control('drain', { windowMs }),
    sessions: (topic, count) => control('sessions', { topic, count }),
  };
}

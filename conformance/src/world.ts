/** What a scenario can do, wherever it runs: talk to the server under test, and to whoever controls that server. */
export interface World {
  /** The server's origin. */
  readonly server: string;
  /** Publishes events to a topic, in order. */
  publish(topic: string, ...events: readonly { readonly type?: string; readonly data: unknown }[]): Promise<void>;
  /** Cuts every open connection, as a network does: without a word. */
  cutConnections(): Promise<void>;
  /** Replaces the log by an empty one, as a restart of an in-memory server does. */
  loseLog(): Promise<void>;
  /** Resolves once a topic has this many sessions. */
  sessions(topic: string, count: number): Promise<void>;
}

/** One thing that must hold, and the section of PROTOCOL.md that says so. */
export interface Scenario {
  readonly name: string;
  readonly run: (world: World) => Promise<void>;
}

/** The control of a conformance server, over HTTP: a page can use it too. */
export function createWorld(server: string): World {
  const control = async (path: string, body: unknown = {}): Promise<void> => {
    const response = await fetch(`${server}/control/${path}`, { method: 'POST', body: JSON.stringify(body) });
    if (!response.ok) throw new Error(`control/${path} answered ${response.status}: ${await response.text()}`);
  };
  return {
    server,
    publish: (topic, ...events) => control('publish', { topic, events }),
    cutConnections: () => control('cut'),
    loseLog: () => control('lose-log'),
    sessions: (topic, count) => control('sessions', { topic, count }),
  };
}

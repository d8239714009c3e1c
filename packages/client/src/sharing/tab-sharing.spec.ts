import { describe, expect, it } from 'vitest';
import { FakeOrigin, type FakeTab } from '../testing/fake-origin.fixture.ts';
import { MultiplexingServer } from '../testing/multiplexing-server.fixture.ts';
import { settle } from '../testing/scripted-world.fixture.ts';
import { serveTabs, type SharedWorkerScope } from './serve-tabs.ts';
import { createTabSharing, type TabSharing, type TabSharingOptions } from './tab-sharing.ts';

const base = 'https://api.contoso.example';

interface OpenTab {
  readonly tab: FakeTab;
  readonly sharing: TabSharing;
  readonly data: unknown[];
  readonly states: string[];
  readonly stop: () => void;
}

class World {
  readonly origin = new FakeOrigin();
  readonly server = new MultiplexingServer();

  open(path = '/a', options: TabSharingOptions = {}, token = 'token'): OpenTab {
    const tab = this.origin.openTab();
    const sharing = createTabSharing(base, {
      fetch: this.server.fetch,
      runtime: tab.runtime,
      environment: tab.environment,
      ...options,
    });
    return { tab, sharing, ...follow(sharing, tab, path, token) };
  }

  /** So many tabs with the same stream, open and on one connection. */
  async tabs(count: number, options: TabSharingOptions = {}): Promise<OpenTab[]> {
    const tabs: OpenTab[] = [];
    for (let index = 0; index < count; index += 1) {
      tabs.push(this.open('/a', options));
      await this.origin.advance(100);
    }
    await this.origin.advance(1_000);
    this.server.most = 0;
    return tabs;
  }
}

function follow(sharing: TabSharing, tab: FakeTab, path: string, token = 'token') {
  const data: unknown[] = [];
  const states: string[] = [];
  const stream = sharing.stream(path, { accessToken: () => token, runtime: tab.runtime });
  const stop = stream.subscribe({
    next: (event) => void data.push(event.data),
    state: ({ status }) => void states.push(status),
    gap: () => void states.push('gap'),
  });
  return { data, states, stop };
}

const roles = (tabs: readonly OpenTab[]) => tabs.map(({ sharing }) => sharing.role);
const untouched = ['connecting', 'open'];

describe('tabs that share a connection', () => {
  it('have one connection, which one of them holds, and each gets every event once', async () => {
    const world = new World();
    const tabs = await world.tabs(5);
    expect(roles(tabs)).toEqual(['leader', 'follower', 'follower', 'follower', 'follower']);
    expect(world.server.connections.size).toBe(1);
    // Streams at the same position are requested once for all tabs; the last one that was added had no position yet.
    expect(Object.keys([...world.server.connections][0]?.streams ?? {}).length).toBeLessThanOrEqual(2);
    for (let data = 1; data <= 20; data += 1) await world.server.publish('/a', data);
    for (const { data, states } of tabs) {
      expect(data).toEqual(Array.from({ length: 20 }, (_, index) => index + 1));
      expect(states).toEqual(untouched);
    }
  });

  it('carry different streams, and other requests go their usual way', async () => {
    const world = new World();
    const [first] = await world.tabs(1);
    const second = world.open('/b');
    await world.origin.advance(1_000);
    await world.server.publish('/a', 1);
    await world.server.publish('/b', 2);
    expect([first?.data, second.data, world.server.connections.size]).toEqual([[1], [2], 1]);
    await second.sharing.fetch(`${base}/a`, { method: 'POST', body: '{}' });
    expect(world.server.others).toEqual(['/a']);
  });

  const leaderEnds: [string, (tab: FakeTab) => void, number][] = [
    ['is closed', (tab) => tab.hide(), 500],
    ['crashes', (tab) => tab.crash(), 500],
    ['freezes', (tab) => tab.freeze(), 2_000],
  ];
  it.each(leaderEnds)('continue without a pause in their state when the leader %s', async (_, end, withinMs) => {
    const world = new World();
    const [leader, ...others] = await world.tabs(4);
    await world.server.publish('/a', 1);
    if (leader !== undefined) end(leader.tab);
    await world.server.publish('/a', 2);
    await world.origin.advance(withinMs);
    await world.server.publish('/a', 3);
    await world.origin.advance(0);
    for (const { data, states } of others) {
      expect(data).toEqual([1, 2, 3]);
      expect(states).toEqual(untouched);
    }
    expect(roles(others).toSorted()).toEqual(['follower', 'follower', 'leader']);
  });

  it('let a leader that was frozen follow when it wakes, and give it what it missed', async () => {
    const world = new World();
    const [leader, other] = await world.tabs(2);
    leader?.tab.freeze();
    await world.origin.advance(3_000);
    await world.server.publish('/a', 1);
    leader?.tab.thaw();
    await world.origin.advance(2_000);
    await world.server.publish('/a', 2);
    expect([leader?.data, other?.data]).toEqual([
      [1, 2],
      [1, 2],
    ]);
    expect(roles([leader, other].filter((tab) => tab !== undefined))).toEqual(['follower', 'leader']);
    expect([world.origin.steals, world.server.connections.size]).toEqual([1, 1]);
  });

  it('do not take the lock from a leader that only answers late', async () => {
    const world = new World();
    const [leader] = await world.tabs(3);
    leader?.tab.freeze();
    await world.origin.advance(400);
    leader?.tab.thaw();
    await world.origin.advance(5_000);
    expect([world.origin.steals, leader?.sharing.role]).toEqual([0, 'leader']);
  });

  it('do not take the lock from a leader that answers at the last moment', async () => {
    for (let frozenMs = 600; frozenMs <= 1_800; frozenMs += 50) {
      const world = new World();
      const [leader] = await world.tabs(2);
      leader?.tab.freeze();
      await world.origin.advance(frozenMs);
      const { steals } = world.origin;
      leader?.tab.thaw();
      await settle();
      await world.origin.advance(3_000);
      // What was not taken while it was frozen is not taken afterwards.
      expect(world.origin.steals, `${frozenMs} ms`).toBe(steals);
    }
  });

  it('stop taking the lock from each other, and then have a connection each', async () => {
    const world = new World();
    const [leader, other] = await world.tabs(2);
    // The tab that leads is frozen at once, as if the browser froze every tab in turn.
    for (let round = 0; round < 10; round += 1) {
      for (const { tab, sharing } of [leader, other].filter((one) => one !== undefined)) {
        if (sharing.role === 'leader') tab.freeze();
        else tab.thaw();
      }
      await world.origin.advance(3_000);
    }
    leader?.tab.thaw();
    other?.tab.thaw();
    await world.origin.advance(3_000);
    expect(world.origin.steals).toBeLessThanOrEqual(6);
    await world.server.publish('/a', 7);
    expect([leader?.data.at(-1), other?.data.at(-1)]).toEqual([7, 7]);
  });

  it('return from the back/forward cache and continue', async () => {
    const world = new World();
    const [leader, other] = await world.tabs(2);
    leader?.tab.hide();
    await world.origin.advance(500);
    await world.server.publish('/a', 1);
    expect([leader?.sharing.role, leader?.data, other?.data]).toEqual(['idle', [], [1]]);
    leader?.tab.show();
    await world.origin.advance(1_000);
    await world.server.publish('/a', 2);
    expect([leader?.data, other?.data, leader?.states]).toEqual([[1, 2], [1, 2], untouched]);
    expect(world.server.connections.size).toBe(1);
  });

  it('never share a connection between users', async () => {
    const world = new World();
    const alice = world.open('/a', {}, 'alice');
    const bob = world.open('/a', {}, 'bob');
    await world.origin.advance(1_000);
    const tokens = [...world.server.connections].map(({ authorization }) => authorization);
    expect(tokens).toEqual(['Bearer alice', 'Bearer bob']);
    alice.stop();
    await world.origin.advance(1_000);
    expect([...world.server.connections].map(({ authorization }) => authorization)).toEqual(['Bearer bob']);
    await world.server.publish('/a', 1);
    expect([alice.data, bob.data]).toEqual([[], [1]]);
  });

  it('send a stream that reads too slowly to a separate connection, and the others continue', async () => {
    const world = new World();
    const [leader] = await world.tabs(1, { maxQueuedBytes: 2_000 });
    const tab = world.origin.openTab();
    const sharing = createTabSharing(base, {
      fetch: world.server.fetch,
      runtime: tab.runtime,
      environment: tab.environment,
      maxQueuedBytes: 2_000,
    });
    const slow: unknown[] = [];
    const gate = Promise.withResolvers<undefined>();
    let answer: Promise<undefined> | undefined = gate.promise;
    sharing.stream('/a', { runtime: tab.runtime, accessToken: () => 'token' }).subscribe({
      next: ({ data }) => {
        slow.push(data);
        return answer;
      },
    });
    await world.origin.advance(1_000);
    for (let data = 1; data <= 300; data += 1) await world.server.publish('/a', data);
    expect(leader?.data).toHaveLength(300);
    answer = undefined;
    gate.resolve(undefined);
    await world.origin.advance(1_000);
    expect(slow).toEqual(leader?.data);
    expect(world.server.others).toEqual(['/a']);
  });

  it('stop relaying to a frozen tab, whose memory would fill, and give it everything when it wakes', async () => {
    const world = new World();
    const [leader, frozen] = await world.tabs(2);
    frozen?.tab.freeze();
    // Enough to fill what may be on its way to a tab.
    for (let data = 1; data <= 20_000; data += 1) void world.server.publish('/a', data);
    await world.origin.advance(1_000);
    expect(leader?.data).toHaveLength(20_000);
    frozen?.tab.thaw();
    await world.origin.advance(3_000);
    expect(frozen?.data).toEqual(leader?.data);
    expect(frozen?.states).toEqual(untouched);
  });

  it('hold nothing after their streams have ended', async () => {
    const world = new World();
    const tabs = await world.tabs(3);
    for (const { stop } of tabs) stop();
    await world.origin.advance(60_000);
    expect(tabs.map(({ tab }) => tab.held)).toEqual([0, 0, 0]);
    expect([world.server.connections.size, ...roles(tabs)]).toEqual([0, 'idle', 'idle', 'idle']);
    // And begin again.
    const [first] = tabs;
    if (first === undefined) throw new RangeError();
    const again = follow(first.sharing, first.tab, '/a');
    await world.origin.advance(500);
    await world.server.publish('/a', 1);
    expect(again.data).toEqual([1]);
  });

  it('keep the connection of a leader without streams for as long as others need it', async () => {
    const world = new World();
    const [leader, other] = await world.tabs(2);
    leader?.stop();
    await world.origin.advance(30_000);
    await world.server.publish('/a', 1);
    expect([leader?.sharing.role, other?.data, other?.states]).toEqual(['leader', [1], untouched]);
  });

  it.each([
    ['no locks', { locks: undefined }],
    ['no channels', { openChannel: undefined }],
  ])('have a connection each in a browser with %s', async (_, missing) => {
    const world = new World();
    const open = () => {
      const tab = world.origin.openTab();
      const options = { fetch: world.server.fetch, runtime: tab.runtime };
      const sharing = createTabSharing(base, { ...options, environment: { ...tab.environment, ...missing } });
      return { sharing, ...follow(sharing, tab, '/a') };
    };
    const tabs = [open(), open()];
    await world.origin.advance(500);
    await world.server.publish('/a', 1);
    expect(tabs.map(({ sharing, data }) => [sharing.role, data])).toEqual([
      ['alone', [1]],
      ['alone', [1]],
    ]);
    expect(world.server.connections.size).toBe(2);
  });
});

/** A SharedWorker without a browser: each tab gets a port, on which messages are delivered later. */
function createFakeWorker(world: World) {
  const scope: SharedWorkerScope = { onconnect: null };
  const timers = world.origin.openTab().runtime;
  serveTabs(scope, { fetch: world.server.fetch, runtime: timers });
  const fake = { isAlive: true, connections: 0, create };
  function create(): SharedWorker {
    fake.connections += 1;
    const [here, there] = [createPort(), createPort()];
    here.other = there;
    there.other = here;
    scope.onconnect?.({ ports: [there] } as unknown as MessageEvent);
    return { port: here, onerror: null } as unknown as SharedWorker;
  }
  interface Port {
    onmessage: ((event: { data: unknown }) => void) | null;
    other: Port | undefined;
    postMessage(message: unknown): void;
    start(): void;
    close(): void;
  }
  function createPort(): Port {
    return {
      onmessage: null,
      other: undefined,
      postMessage(message) {
        const data = structuredClone(message);
        // What was sent before the port was closed still arrives.
        const { other } = this;
        queueMicrotask(() => {
          if (fake.isAlive) other?.onmessage?.({ data });
        });
      },
      start: () => undefined,
      close() {
        this.other = undefined;
      },
    };
  }
  return fake;
}

describe('tabs whose connection is in a SharedWorker', () => {
  it('have one connection, whichever of them closes', async () => {
    const world = new World();
    const worker = createFakeWorker(world);
    const tabs = await world.tabs(3, { worker: worker.create });
    expect([...roles(tabs), world.server.connections.size]).toEqual(['worker', 'worker', 'worker', 1]);
    await world.server.publish('/a', 1);
    tabs[0]?.tab.hide();
    await world.origin.advance(1_000);
    await world.server.publish('/a', 2);
    expect(tabs.map(({ data }) => data)).toEqual([[1], [1, 2], [1, 2]]);
    expect(tabs[1]?.states).toEqual(untouched);
    for (const { stop } of tabs) stop();
    await world.origin.advance(10_000);
    expect(world.server.connections.size).toBe(0);
  });

  it('elect a leader when the worker answers nothing any more', async () => {
    const world = new World();
    const worker = createFakeWorker(world);
    const tabs = await world.tabs(2, { worker: worker.create });
    await world.server.publish('/a', 1);
    worker.isAlive = false;
    await world.server.publish('/a', 2);
    await world.origin.advance(3_000);
    await world.server.publish('/a', 3);
    expect(tabs.map(({ data, states }) => [data, states])).toEqual([
      [[1, 2, 3], untouched],
      [[1, 2, 3], untouched],
    ]);
    expect(roles(tabs).toSorted()).toEqual(['follower', 'leader']);
  });

  it.each([
    [
      'cannot be created',
      () => {
        throw new Error('CSP');
      },
    ],
    [
      'cannot be loaded',
      () => {
        const worker = {
          port: { postMessage: () => undefined, start: () => undefined, close: () => undefined, onmessage: null },
          onerror: null as (() => void) | null,
        };
        queueMicrotask(() => worker.onerror?.());
        return worker as unknown as SharedWorker;
      },
    ],
  ])('elect a leader at once when the worker %s', async (_, worker) => {
    const world = new World();
    const tabs = await world.tabs(2, { worker });
    await settle();
    await world.server.publish('/a', 1);
    expect(roles(tabs)).toEqual(['leader', 'follower']);
    expect(tabs.map(({ data }) => data)).toEqual([[1], [1]]);
  });
});

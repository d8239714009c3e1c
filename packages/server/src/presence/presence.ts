import { callHook, checkBounds, createReporter, systemClock } from '../core/index.ts';
import type { Clock } from '../core/index.ts';
import type { SessionSummary, StreamEndpointOptions } from '../endpoint/index.ts';
import type { Hub } from '../hub/index.ts';
import type { SessionCloseReason } from '../sessions/index.ts';
import { NodePresence } from './node-presence.ts';
import type { Seat } from './node-presence.ts';

/** A user came to a topic, or has left it. */
export interface PresenceChange {
  readonly topic: string;
  /** `Identity.key` */
  readonly user: string;
  readonly kind: 'joined' | 'left';
}

export interface PresenceOptions {
  readonly hub: Hub;
  /**
   * How long after a user's last session ended they count as there, in ms: a client that reconnects has not left. @default 5_000
   */
  readonly graceMs?: number;
  /** How long a node that is not heard of counts as alive, in ms. @default 15_000 */
  readonly leaseMs?: number;
  /** Called for each change, of any node. What it throws is given to `onError`. */
  readonly onChange?: (change: PresenceChange) => void;
  /** @default console.error */
  readonly onError?: (error: unknown) => void;
  /** @default the system's */
  readonly clock?: Clock;
}

type SessionHooks = Required<Pick<StreamEndpointOptions, 'onSessionOpened' | 'onSessionClosed'>>;

/** Who follows which topic, on all nodes of a hub. */
export interface Presence {
  /** Wraps the hooks that you pass to `createStreamEndpoint`, which are called as well. */
  endpointHooks(hooks?: Partial<SessionHooks>): SessionHooks;
  /** The users that follow the topic, by `Identity.key`: each once, however many pages they have. */
  of(topic: string): string[];
  /** Says goodbye to the other nodes. Call it before `hub.close()`. */
  close(): Promise<void>;
}

/** What nodes tell each other. */
interface PresenceSignal {
  readonly from: string;
  /** `hello` asks the others for all of their users, who answer with `all`; `changes` has what is new; `alive` only says that the node is there. */
  readonly kind: 'hello' | 'all' | 'changes' | 'alive' | 'goodbye';
  readonly joined?: readonly Seat[];
  readonly left?: readonly Seat[];
}

interface OtherNode {
  presence: NodePresence;
  heardAt: number;
}

const signalKind = 'presence';
/** How long changes are gathered, so that a reconnect storm is a few messages. */
const gatherMs = 250;
/** A message has no more users than this: about a megabyte. */
const maxSeats = 20_000;

/**
 * Knows who follows which topic, on every node that shares the hub's log. Users count and not their pages; a rotation or a short interruption
 * changes nothing; and the users of a node that died leave when its lease ends.
 *
 * @throws ConfigurationError for a time that is not a whole number of at least 1.
 *
 * @example
 * const presence = createPresence({ hub, onChange: ({ topic, user, kind }) => console.log(user, kind, topic) });
 * const endpoint = createStreamEndpoint({ hub, verifier, ...presence.endpointHooks() });
 * presence.of('rooms/lobby');
 */
export function createPresence(options: PresenceOptions): Presence {
  const { hub, graceMs = 5_000, leaseMs = 15_000, onChange, onError = console.error, clock = systemClock } = options;
  checkBounds({ graceMs, leaseMs });
  const report = createReporter(onError);
  const self: string = crypto.randomUUID();
  const here = new NodePresence();
  const others = new Map<string, OtherNode>();
  const leaving = new Set<() => void>();
  let joined: Seat[] = [];
  let left: Seat[] = [];
  let stopGathering: (() => void) | undefined;
  let stopBeat: (() => void) | undefined;
  /** Whether the others may have missed something of this node. */
  let isBehind = false;
  let isClosed = false;

  const isThere = (seat: Seat): boolean =>
    here.has(seat) || [...others.values()].some(({ presence }) => presence.has(seat));

  function tell(seat: Seat, kind: PresenceChange['kind']): void {
    callHook(onChange, report, { topic: seat[0], user: seat[1], kind });
  }

  /** Makes a change, and tells it if it is one of all nodes together. */
  function change(seats: readonly Seat[], make: (seat: Seat) => boolean): Seat[] {
    return seats.filter((seat) => {
      const before = isThere(seat);
      const isChanged = make(seat);
      const after = isThere(seat);
      if (before !== after) tell(seat, after ? 'joined' : 'left');
      return isChanged;
    });
  }

  async function send(signal: Omit<PresenceSignal, 'from'>): Promise<void> {
    try {
      await hub.signals.send(signalKind, { from: self, ...signal } satisfies PresenceSignal);
    } catch (error) {
      isBehind = true;
      report(error);
    }
  }

  function gather(): void {
    if (isClosed) return;
    stopGathering ??= clock.setTimer(() => {
      stopGathering = undefined;
      const changes = { joined, left };
      [joined, left] = [[], []];
      for (let at = 0; at < Math.max(changes.joined.length, changes.left.length); at += maxSeats) {
        const part = (seats: readonly Seat[]) => seats.slice(at, at + maxSeats);
        void send({ kind: 'changes', joined: part(changes.joined), left: part(changes.left) });
      }
    }, gatherMs);
  }

  function sendAll(): void {
    const seats = here.seats();
    // Nothing as well: a node without users answers, so that it is known.
    void send({ kind: 'all', joined: seats.slice(0, maxSeats) });
    for (let at = maxSeats; at < seats.length; at += maxSeats) {
      void send({ kind: 'changes', joined: seats.slice(at, at + maxSeats) });
    }
  }

  function forget(from: string): void {
    const node = others.get(from);
    if (node === undefined) return;
    const seats = node.presence.seats();
    const before = node.presence;
    change(seats, (seat) => before.remove(seat));
    others.delete(from);
  }

  function hear({ from, kind, joined: came = [], left: went = [] }: PresenceSignal): void {
    if (from === self) return;
    if (kind === 'goodbye') {
      forget(from);
      return;
    }
    const node = others.get(from) ?? { presence: new NodePresence(), heardAt: 0 };
    // A node that was not known has told its users before: only it can say who they are.
    const isNew = !others.has(from);
    others.set(from, node);
    node.heardAt = clock.monotonic();
    if (kind === 'hello') sendAll();
    if (isNew && kind !== 'all' && kind !== 'hello') void send({ kind: 'hello' });
    const { presence } = node;
    if (kind === 'all') {
      const present = new Set(came.map((seat) => JSON.stringify(seat)));
      change(
        presence.seats().filter((seat) => !present.has(JSON.stringify(seat))),
        (seat) => presence.remove(seat),
      );
    }
    change(
      came.filter((seat) => !presence.has(seat)),
      (seat) => presence.add(seat),
    );
    change(went, (seat) => presence.remove(seat));
  }

  function beat(): void {
    const now = clock.monotonic();
    for (const [from, { heardAt }] of others) if (now - heardAt > leaseMs) forget(from);
    if (isBehind) {
      isBehind = false;
      sendAll();
    } else void send({ kind: 'alive' });
    stopBeat = clock.setTimer(beat, leaseMs / 3);
  }

  const stopListening = hub.signals.listen(signalKind, {
    onSignal: (data) => hear(data as PresenceSignal),
    onMissed: () => void send({ kind: 'hello' }),
  });
  void hub.ready().then(() => (isClosed ? undefined : send({ kind: 'hello' })), report);
  stopBeat = clock.setTimer(beat, leaseMs / 3);

  function arrive({ identity, topics }: SessionSummary): void {
    const seats = (topics ?? []).map((topic): Seat => [topic, identity.key]);
    joined.push(...change(seats, (seat) => here.add(seat)));
    if (joined.length > 0) gather();
  }

  function leave({ identity, topics }: SessionSummary): void {
    if (isClosed) return;
    const seats = (topics ?? []).map((topic): Seat => [topic, identity.key]);
    const cancel = clock.setTimer(() => {
      leaving.delete(cancel);
      left.push(...change(seats, (seat) => here.remove(seat)));
      if (left.length > 0) gather();
    }, graceMs);
    leaving.add(cancel);
  }

  return {
    endpointHooks: (hooks = {}) => ({
      onSessionOpened(session) {
        arrive(session);
        return hooks.onSessionOpened?.(session);
      },
      onSessionClosed(session, reason: SessionCloseReason) {
        leave(session);
        return hooks.onSessionClosed?.(session, reason);
      },
    }),
    of: (topic) => [
      ...new Set(
        [here, ...[...others.values()].map(({ presence }) => presence)].flatMap((node) => [...node.of(topic)]),
      ),
    ],
    async close() {
      if (isClosed) return;
      isClosed = true;
      for (const cancel of [stopBeat, stopGathering, ...leaving]) cancel?.();
      leaving.clear();
      stopListening();
      await send({ kind: 'goodbye' });
    },
  };
}

import type { SseError } from '../errors.ts';
import type { OpenConnection } from '../connection/index.ts';
import type { Refusal } from '../policy/index.ts';
import type { StreamState } from '../stream-state.ts';

/** What the machine remembers in every state. Times are in ms of the monotonic clock. */
export interface Memory {
  /** The number of the current attempt. Inputs of earlier attempts are ignored. */
  readonly generation: number;
  /** When the current attempt, or the last one, began. */
  readonly startedAt: number;
  /** Waits since the last stable connection. */
  readonly failures: number;
  /** No wake-up starts an attempt before this time: the server asked for it. */
  readonly notBefore: number;
  /** The last `retry:` of the stream. */
  readonly retryMs: number | undefined;
  /** What the next token must satisfy. */
  readonly refusal: Refusal | undefined;
  /** The demands for which a token was requested since the server last answered anything but 401 (PROTOCOL 8.4). */
  readonly refreshes: readonly string[];
  /** User interactions since the stream was last open. */
  readonly interactions: number;
  /** Consecutive attempts without any response. */
  readonly unreachable: number;
}

/** A connection that is open. */
export interface OpenFacts extends Pick<OpenConnection, 'sessionMs' | 'server'> {
  /** The number of the attempt that opened it. */
  readonly connection: number;
  readonly openedAt: number;
  /** When its successor is opened; `Infinity` for never. */
  readonly rotateAt: number;
  /** Successors of it that failed. */
  readonly failedRotations: number;
}

/** What differs from state to state. `dueAt` is the time of the input `due`; `Infinity` for never. */
interface StateFacts {
  /** Nobody has subscribed yet. */
  idle: unknown;
  /** The request is being prepared: token, headers, ticket. */
  preparing: { readonly dueAt: number };
  /** The request is sent, and its response has not arrived. */
  requesting: { readonly dueAt: number };
  /** The response is read. */
  open: OpenFacts & { readonly dueAt: number };
  /** As `open`, after a wake-up: the connection must show that it is alive. */
  checking: OpenFacts & { readonly dueAt: number };
  /**
   * As `open`, while the successor of the connection is opened (PROTOCOL 9): the current attempt of `memory` is the successor's, and `stage` is
   * how far it is.
   */
  rotating: OpenFacts & { readonly dueAt: number } & Stage;
  /** The next attempt begins at `dueAt`. */
  waiting: { readonly dueAt: number; readonly error: SseError | undefined };
  /** As `waiting`, while the browser reports no network. */
  offline: { readonly dueAt: number };
  /** A token requires user interaction. */
  'interaction-required': { readonly error: SseError };
  /** The end. */
  closed: unknown;
}

/** How far a successor is. Once it is open, it waits for its first event or position. */
type Stage =
  | { readonly stage: 'preparing' | 'requesting' }
  | { readonly stage: 'open'; readonly successor: Pick<OpenFacts, 'sessionMs' | 'server' | 'openedAt'> };

/** The name of a machine's state. */
export type Status = keyof StateFacts;

/** The machine in one state: what differs from state to state, what it always remembers, and what its users see. */
export type StateOf<S extends Status> = {
  readonly [K in S]: { readonly status: K; readonly memory: Memory; readonly visible: StreamState } & StateFacts[K];
}[S];

/** Everything that the machine knows. */
export type MachineState = StateOf<Status>;

/** The state of a stream that nobody has subscribed to. */
export const initialState: MachineState = {
  status: 'idle',
  visible: { status: 'idle' },
  memory: {
    generation: 0,
    startedAt: -Infinity,
    failures: 0,
    notBefore: -Infinity,
    retryMs: undefined,
    refusal: undefined,
    refreshes: [],
    interactions: 0,
    unreachable: 0,
  },
};

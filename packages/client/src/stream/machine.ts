import { ended, type AttemptEnd } from '../connection/index.ts';
import { AccessTokenError, ConnectionError } from '../errors.ts';
import { afterEnd, earliest, end, start, wait } from './after-attempt.ts';
import type { Context, Input } from './machine-input.ts';
import type { MachineState, StateOf, Status } from './machine-state.ts';
import {
  afterOpening,
  handOver,
  hurry,
  justOpened,
  predecessorEnded,
  rotate,
  successorEnded,
  successorOpened,
} from './rotation.ts';
import { afterOpenEnd, check, leaveOpen, remember, stillOpen } from './while-open.ts';

/** How long an error response may take after its headers: its body is read for an explanation. Longer than the body's own limit. */
const answerTimeoutMs = 10_000;
/** The wait after the second interaction in a row, which doubles from here: the first one changed nothing. */
const interactionDelayMs = 1_000;

type Transitions = {
  readonly [S in Status]: {
    readonly [I in Input['type']]: (
      state: StateOf<S>,
      input: Extract<Input, { type: I }>,
      context: Context,
    ) => MachineState;
  };
};

const stay = (state: MachineState): MachineState => state;
const close = (state: MachineState): MachineState => end(state, { status: 'closed', reason: 'closed' });
const begin = (state: MachineState, _input: Input, context: Context): MachineState => start(state, context);

/**
 * What each input does in each state. Every pair has an entry, which the compiler checks; STATES.md is generated from it.
 * `stay` ignores the input.
 */
const transitions: Transitions = {
  idle: {
    subscribe: begin,
    close,
    reconnect: stay,
    wake: stay,
    due: stay,
    sent: stay,
    answered: stay,
    opened: stay,
    bytes: stay,
    retry: stay,
    rotate: stay,
    live: stay,
    ended: stay,
    settled: stay,
    abandoned: stay,
  },
  preparing: {
    subscribe: stay,
    close,
    reconnect: begin,
    wake: stay,
    due: (state, _input, context) => afterEnd(state, tooLate('preparing', context), context),
    sent: (state, _input, { nowMs, settings }) => ({
      ...state,
      status: 'requesting',
      dueAt: nowMs + settings.connectTimeoutMs,
      memory: { ...state.memory, refusal: undefined },
    }),
    answered: stay,
    opened: stay,
    bytes: stay,
    retry: stay,
    rotate: stay,
    live: stay,
    ended: (state, { end }, context) => afterEnd(state, end, context),
    settled: stay,
    abandoned: stay,
  },
  requesting: {
    subscribe: stay,
    close,
    reconnect: begin,
    wake: stay,
    due: (state, _input, context) => afterEnd(state, tooLate('requesting', context), context),
    sent: stay,
    answered: (state, _input, { nowMs }) => ({ ...state, dueAt: nowMs + answerTimeoutMs }),
    opened: (state, input, context) => {
      const facts = justOpened(input, context);
      const visible = { status: 'open', since: context.wallMs } as const;
      return { status: 'open', ...facts, dueAt: facts.rotateAt, memory: afterOpening(state.memory), visible };
    },
    bytes: stay,
    retry: stay,
    rotate: stay,
    live: stay,
    ended: (state, { end }, context) => afterEnd(state, end, context),
    settled: stay,
    abandoned: stay,
  },
  open: {
    subscribe: stay,
    close,
    reconnect: leaveOpen,
    wake: check,
    due: rotate,
    sent: stay,
    answered: stay,
    opened: stay,
    bytes: stay,
    retry: remember,
    rotate: hurry,
    live: stay,
    ended: (state, { end }, context) => afterOpenEnd(state, end, context),
    settled: stay,
    abandoned: stay,
  },
  checking: {
    subscribe: stay,
    close,
    reconnect: leaveOpen,
    wake: stay,
    due: (state, input, context) =>
      // While a subscriber works nothing is read, so no byte can show that the connection is alive.
      input.connection === 'paused'
        ? check(state, input, context)
        : afterOpenEnd(
            state,
            ended(
              { kind: 'interrupted' },
              new ConnectionError(
                'heartbeat-timeout',
                'connection closed: no bytes since the page or the network returned.',
              ),
            ),
            context,
          ),
    sent: stay,
    answered: stay,
    opened: stay,
    bytes: stillOpen,
    retry: remember,
    rotate: hurry,
    live: stay,
    ended: (state, { end }, context) => afterOpenEnd(state, end, context),
    settled: stay,
    abandoned: stay,
  },
  rotating: {
    subscribe: stay,
    close,
    reconnect: leaveOpen,
    wake: check,
    due: (state, input, context) =>
      state.stage === 'open'
        ? handOver(state, input, context)
        : successorEnded(state, tooLate(state.stage, context), context),
    sent: (state, _input, { nowMs, settings }) => ({
      ...state,
      stage: 'requesting',
      dueAt: nowMs + settings.connectTimeoutMs,
      memory: { ...state.memory, refusal: undefined },
    }),
    answered: (state, _input, { nowMs }) => ({ ...state, dueAt: nowMs + answerTimeoutMs }),
    opened: successorOpened,
    bytes: stay,
    retry: remember,
    rotate: stay,
    live: handOver,
    ended: (state, { end, generation }, context) =>
      (generation === state.connection ? predecessorEnded : successorEnded)(state, end, context),
    settled: stay,
    abandoned: stay,
  },
  waiting: {
    subscribe: stay,
    close,
    reconnect: begin,
    wake: (state, _input, context) => {
      const at = earliest(state.memory, context);
      if (at <= context.nowMs) return start(state, context);
      return at < state.dueAt ? wait(state.memory, at, state.error, context) : state;
    },
    due: begin,
    sent: stay,
    answered: stay,
    opened: stay,
    bytes: stay,
    retry: stay,
    rotate: stay,
    live: stay,
    ended: stay,
    settled: stay,
    abandoned: stay,
  },
  offline: {
    subscribe: stay,
    close,
    reconnect: begin,
    wake: (state, _input, context) => {
      const at = earliest(state.memory, context);
      if (at <= context.nowMs) return start(state, context);
      return at < state.dueAt ? { ...state, dueAt: at } : state;
    },
    due: begin,
    sent: stay,
    answered: stay,
    opened: stay,
    bytes: stay,
    retry: stay,
    rotate: stay,
    live: stay,
    ended: stay,
    settled: stay,
    abandoned: stay,
  },
  'interaction-required': {
    subscribe: stay,
    close,
    reconnect: begin,
    wake: stay,
    due: stay,
    sent: stay,
    answered: stay,
    opened: stay,
    bytes: stay,
    retry: stay,
    rotate: stay,
    live: stay,
    ended: stay,
    settled: (state, _input, context) => {
      const interactions = state.memory.interactions + 1;
      const delayMs = interactions === 1 ? 0 : interactionDelayMs * 2 ** Math.min(interactions - 2, 5);
      // The user signed in with what was demanded: a cached token satisfies it.
      const memory = { ...state.memory, interactions, refusal: undefined };
      const at = memory.startedAt + delayMs;
      return at <= context.nowMs ? start({ ...state, memory }, context) : wait(memory, at, state.error, context);
    },
    abandoned: (state) => end(state, { status: 'closed', reason: 'failed', error: state.error }),
  },
  closed: {
    subscribe: stay,
    close: stay,
    reconnect: stay,
    wake: stay,
    due: stay,
    sent: stay,
    answered: stay,
    opened: stay,
    bytes: stay,
    retry: stay,
    rotate: stay,
    live: stay,
    ended: stay,
    settled: stay,
    abandoned: stay,
  },
};

/**
 * The next state of a stream: a pure function. What has to happen follows from the states before and after: subscribers are notified if
 * `visible` changed, and the resources of the new state are acquired (see `resources.ts`).
 *
 * An input of an earlier attempt arrives too late and is ignored in every state.
 */
export function transition(state: MachineState, input: Input, context: Context): MachineState {
  if ('generation' in input && !isCurrent(state, input.generation)) return state;
  const handle = transitions[state.status][input.type] as (s: MachineState, i: Input, c: Context) => MachineState;
  return handle(state, input, context);
}

/** While a connection is open, its own inputs count, and those of its successor. */
function isCurrent(state: MachineState, generation: number): boolean {
  if ('connection' in state && generation === state.connection) return true;
  return generation === state.memory.generation && (!('connection' in state) || state.status === 'rotating');
}

/** The end of an attempt that exceeded a time limit. */
function tooLate(stage: 'preparing' | 'requesting', { settings }: Context): AttemptEnd {
  const { connectTimeoutMs, tokenTimeoutMs } = settings;
  if (stage === 'requesting') {
    const error = new ConnectionError('connect-timeout', `No response within ${connectTimeoutMs} ms.`);
    return ended({ kind: 'unreachable' }, error);
  }
  const error = new AccessTokenError(`it was not available within ${tokenTimeoutMs} ms.`, { retry: 'later' });
  return ended({ kind: 'no-token', retry: 'later' }, error);
}

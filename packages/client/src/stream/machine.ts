import { ended, type AttemptEnd } from '../connection/index.ts';
import { AccessTokenError, ConnectionError, type SseError } from '../errors.ts';
import { decideReconnect, mayRepeat, type Outcome, type Refusal } from '../policy/index.ts';
import type { StreamState } from '../stream-state.ts';
import type { Context, Input } from './machine-input.ts';
import type { MachineState, Memory, OpenFacts, StateOf, Status } from './machine-state.ts';

/** How long an error response may take after its headers: its body is read for an explanation. Longer than the body's own limit. */
const answerTimeoutMs = 10_000;
/** How long a connection may be silent after a wake-up before it counts as dead. */
const wakeTimeoutMs = 5_000;
/** The wait after the second interaction in a row, which doubles from here: the first one changed nothing. */
const interactionDelayMs = 1_000;
/** An announced end costs nothing, so it must not come at full speed. */
const minSessionMs = 1_000;
/** How much earlier than announced a session may end, because its time begins at the server and not here. */
const sessionToleranceMs = 2_000;
/** Distinct demands in a row that are satisfied by a new token. More is a server that cannot be satisfied. */
const maxRefreshes = 3;
/** Failed attempts in a row after which the error says what else may prevent a page from reaching a server. */
const unreachableHintAfter = 3;

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
    ended: stay,
    settled: stay,
    abandoned: stay,
  },
  preparing: {
    subscribe: stay,
    close,
    reconnect: begin,
    wake: stay,
    due: (state, _input, context) =>
      afterEnd(
        state,
        ended(
          { kind: 'no-token', retry: 'later' },
          new AccessTokenError(`it was not available within ${context.settings.tokenTimeoutMs} ms.`, {
            retry: 'later',
          }),
        ),
        context,
      ),
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
    ended: (state, { end }, context) => afterEnd(state, end, context),
    settled: stay,
    abandoned: stay,
  },
  requesting: {
    subscribe: stay,
    close,
    reconnect: begin,
    wake: stay,
    due: (state, _input, context) =>
      afterEnd(
        state,
        ended(
          { kind: 'unreachable' },
          new ConnectionError('connect-timeout', `No response within ${context.settings.connectTimeoutMs} ms.`),
        ),
        context,
      ),
    sent: stay,
    answered: (state, _input, { nowMs }) => ({ ...state, dueAt: nowMs + answerTimeoutMs }),
    opened: (state, { connection }, { nowMs, wallMs }) => ({
      status: 'open',
      openedAt: nowMs,
      sessionMs: connection.sessionMs,
      server: connection.server,
      memory: { ...state.memory, refreshes: [], interactions: 0, unreachable: 0 },
      visible: { status: 'open', since: wallMs },
    }),
    bytes: stay,
    retry: stay,
    ended: (state, { end }, context) => afterEnd(state, end, context),
    settled: stay,
    abandoned: stay,
  },
  open: {
    subscribe: stay,
    close,
    reconnect: leaveOpen,
    wake: check,
    due: stay,
    sent: stay,
    answered: stay,
    opened: stay,
    bytes: stay,
    retry: remember,
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
    bytes: ({ openedAt, sessionMs, server, memory, visible }) => ({
      status: 'open',
      openedAt,
      sessionMs,
      server,
      memory,
      visible,
    }),
    retry: remember,
    ended: (state, { end }, context) => afterOpenEnd(state, end, context),
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
  if ('generation' in input && input.generation !== state.memory.generation) return state;
  const handle = transitions[state.status][input.type] as (s: MachineState, i: Input, c: Context) => MachineState;
  return handle(state, input, context);
}

/** Begins the next attempt. */
function start(state: MachineState, { nowMs, settings }: Context): MachineState {
  const { visible } = state;
  const attempt = state.memory.failures + 1;
  return {
    status: 'preparing',
    dueAt: nowMs + settings.tokenTimeoutMs,
    memory: { ...state.memory, generation: state.memory.generation + 1, startedAt: nowMs },
    visible:
      visible.status === 'connecting' && visible.attempt === attempt ? visible : { status: 'connecting', attempt },
  };
}

function end(state: MachineState, visible: StreamState & { status: 'closed' }): MachineState {
  return { status: 'closed', memory: state.memory, visible };
}

function wait(memory: Memory, dueAt: number, error: SseError | undefined, { nowMs, wallMs }: Context): MachineState {
  const retryAt = wallMs + (dueAt - nowMs);
  const attempt = memory.failures + 1;
  return { status: 'waiting', dueAt, error, memory, visible: { status: 'waiting', retryAt, attempt, error } };
}

/** A wake-up starts no attempt earlier than the server asked for, and none sooner than `baseDelayMs` after the last one began. */
function earliest(memory: Memory, { settings }: Context): number {
  return Math.max(memory.notBefore, memory.startedAt + settings.policy.baseDelayMs);
}

function remember<S extends 'open' | 'checking'>(
  state: StateOf<S>,
  input: Extract<Input, { type: 'retry' }>,
): MachineState {
  return { ...state, memory: { ...state.memory, retryMs: input.delayMs } } as MachineState;
}

/** After a wake-up an open connection may be dead without notice: it must show bytes, or it is replaced. */
function check(state: StateOf<'open' | 'checking'>, _input: Input, { nowMs, settings }: Context): MachineState {
  // A request that cannot be repeated ends with its connection: it gets more time.
  const limitMs = mayRepeat(settings.policy) ? wakeTimeoutMs : Math.max(wakeTimeoutMs, settings.connectTimeoutMs);
  return { ...state, status: 'checking', dueAt: nowMs + limitMs };
}

function leaveOpen(state: StateOf<'open' | 'checking'>, _input: Input, context: Context): MachineState {
  return start(afterStability(state, context), context);
}

/** A connection that lasted a stable period makes earlier failures forgotten. */
function afterStability(state: StateOf<'open' | 'checking'>, { nowMs, settings }: Context): MachineState {
  const stable = nowMs - state.openedAt >= settings.stableAfterMs;
  return stable ? { ...state, memory: { ...state.memory, failures: 0 } } : state;
}

function afterOpenEnd(state: StateOf<'open' | 'checking'>, attemptEnd: AttemptEnd, context: Context): MachineState {
  const { onEnd } = context.settings.policy;
  // An explicit `onEnd` decides about every response that simply ends.
  const decided = attemptEnd.outcome.kind === 'ended' && onEnd !== undefined && onEnd !== 'reconnect';
  const outcome =
    !decided && wasAnnounced(state, attemptEnd.outcome, context.nowMs)
      ? ({ kind: 'expired' } as const)
      : attemptEnd.outcome;
  return afterEnd(afterStability(state, context), { ...attemptEnd, outcome }, context);
}

/** Whether a connection ended about when the server had said it would. */
function wasAnnounced({ openedAt, sessionMs }: OpenFacts, { kind }: Outcome, nowMs: number): boolean {
  if (sessionMs === undefined || (kind !== 'ended' && kind !== 'interrupted')) return false;
  const lasted = nowMs - openedAt;
  return lasted >= minSessionMs && lasted >= sessionMs - Math.min(sessionToleranceMs, sessionMs / 2);
}

/** Decides what follows an attempt or a connection that ended (PROTOCOL 8). */
function afterEnd(state: MachineState, attemptEnd: AttemptEnd, context: Context): MachineState {
  const { nowMs, random, network, settings } = context;
  const { outcome, retryAfterMs } = attemptEnd;
  const refusal: Refusal = {
    demand: attemptEnd.demand ?? { error: undefined, claims: undefined },
    error: attemptEnd.error ?? connectionClosed,
  };
  const memory = afterOutcome(state.memory, outcome);
  const demanded = refusal.demand.claims ?? '';
  const decision = decideReconnect(
    outcome,
    { retryMs: memory.retryMs, retryAfterMs },
    {
      failures: memory.failures,
      refresh: memory.refreshes.includes(demanded) || memory.refreshes.length >= maxRefreshes ? 'spent' : 'possible',
      network,
    },
    settings.policy,
    random,
  );
  const error = explain(refusal.error, memory.unreachable);
  const next = { ...state, memory };
  switch (decision.action) {
    case 'complete':
      return end(next, { status: 'closed', reason: 'completed' });
    case 'fail':
      return end(next, { status: 'closed', reason: 'failed', error });
    case 'reconnect':
      return start(next, context);
    case 'refresh-token':
      return start({ ...next, memory: { ...memory, refusal, refreshes: [...memory.refreshes, demanded] } }, context);
    case 'wait-for-interaction':
      return { status: 'interaction-required', error, memory, visible: { status: 'interaction-required', error } };
    case 'wait-for-network':
      return {
        status: 'offline',
        dueAt: nowMs + decision.delayMs,
        memory: { ...memory, notBefore: nowMs + decision.floorMs },
        visible: { status: 'offline' },
      };
    case 'wait':
      return wait(
        { ...memory, failures: memory.failures + 1, notBefore: nowMs + decision.floorMs },
        nowMs + decision.delayMs,
        attemptEnd.error === undefined ? undefined : error,
        context,
      );
  }
}

/** Forgets what an outcome disproves: any answer but a 401 ends a row of refusals, any answer at all shows that the server is reachable. */
function afterOutcome(memory: Memory, outcome: Outcome): Memory {
  const { kind } = outcome;
  const keepsRefusals = kind === 'no-token' || (kind === 'refused' && outcome.status === 401);
  return {
    ...memory,
    refreshes: keepsRefusals ? memory.refreshes : [],
    unreachable: kind === 'unreachable' ? memory.unreachable + 1 : 0,
  };
}

const connectionClosed = new ConnectionError('connection-closed', 'connection closed.');

/** A browser does not tell a page why a request failed: a policy of the page looks like a dead network. */
function explain(error: SseError, unreachable: number): SseError {
  if (unreachable < unreachableHintAfter || error.code !== 'network-error') return error;
  return new ConnectionError(
    'network-error',
    `${error.message} It failed ${unreachable} times in a row without any response: in a browser, check that the page's Content-Security-Policy allows the origin in connect-src and that the server allows the page's origin by CORS.`,
    { cause: error.cause },
  );
}

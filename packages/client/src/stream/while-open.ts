import type { AttemptEnd } from '../connection/index.ts';
import { mayRepeat, type Outcome } from '../policy/index.ts';
import { afterEnd, start } from './after-attempt.ts';
import type { Context, Input } from './machine-input.ts';
import type { MachineState, OpenFacts, StateOf } from './machine-state.ts';

/** How long a connection may be silent after a wake-up before it counts as dead. */
const wakeTimeoutMs = 5_000;
/** An announced end costs nothing, so it must not come at full speed. */
const minSessionMs = 1_000;
/** How much earlier than announced a session may end, because its time begins at the server and not here. */
const sessionToleranceMs = 2_000;

/** The states with an open connection. */
type WhileOpen = 'open' | 'checking' | 'rotating';

export function remember<S extends WhileOpen>(
  state: StateOf<S>,
  input: Extract<Input, { type: 'retry' }>,
): MachineState {
  return { ...state, memory: { ...state.memory, retryMs: input.delayMs } } as MachineState;
}

/** The same connection, and nothing that is being done about it. */
export function stillOpen(state: StateOf<WhileOpen>): StateOf<'open'> {
  const { connection, openedAt, rotateAt, failedRotations, sessionMs, server, memory, visible } = state;
  const facts = { connection, openedAt, rotateAt, failedRotations, sessionMs, server };
  return { status: 'open', ...facts, dueAt: rotateAt, memory, visible };
}

/** After a wake-up an open connection may be dead without notice: it must show bytes, or it is replaced. */
export function check(state: StateOf<WhileOpen>, _input: Input, { nowMs, settings }: Context): MachineState {
  // A request that cannot be repeated ends with its connection: it gets more time.
  const limitMs = mayRepeat(settings.policy) ? wakeTimeoutMs : Math.max(wakeTimeoutMs, settings.connectTimeoutMs);
  return { ...stillOpen(state), status: 'checking', dueAt: nowMs + limitMs };
}

export function leaveOpen(state: StateOf<WhileOpen>, _input: Input, context: Context): MachineState {
  return start(afterStability(state, context), context);
}

/** A connection that lasted a stable period makes earlier failures forgotten. */
export function afterStability(state: StateOf<WhileOpen>, { nowMs, settings }: Context): StateOf<WhileOpen> {
  const stable = nowMs - state.openedAt >= settings.stableAfterMs;
  return stable ? { ...state, memory: { ...state.memory, failures: 0 } } : state;
}

export function afterOpenEnd(state: StateOf<WhileOpen>, attemptEnd: AttemptEnd, context: Context): MachineState {
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

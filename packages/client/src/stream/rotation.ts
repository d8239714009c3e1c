import type { AttemptEnd } from '../connection/index.ts';
import { mayRepeat } from '../policy/index.ts';
import { decide } from './after-attempt.ts';
import type { Context, Input } from './machine-input.ts';
import type { MachineState, Memory, OpenFacts, StateOf } from './machine-state.ts';
import { afterOpenEnd, afterStability, stillOpen } from './while-open.ts';

/** How long before the announced end a successor is opened, at most. */
const maxLeadMs = 120_000;
/** Servers that announce shorter sessions than twice this are not asked more often. */
const minRotationMs = 1_000;
/** A server that asks every connection to rotate is not followed more often than this. */
const minHurriedMs = 200;
/** How long an open successor may take to its first event or position. */
const liveTimeoutMs = 5_000;

/** The facts of a connection that has just opened. */
export function justOpened(
  { connection, generation }: Pick<Extract<Input, { type: 'opened' }>, 'connection' | 'generation'>,
  { nowMs, random }: Context,
): OpenFacts {
  const { sessionMs, server } = connection;
  const leadMs = Math.min((sessionMs ?? Infinity) * 0.6, maxLeadMs);
  return {
    connection: generation,
    openedAt: nowMs,
    sessionMs,
    server,
    // With time for a slow token and another try, and not all clients at once (PROTOCOL 9.2).
    rotateAt: nowMs + Math.max((sessionMs ?? Infinity) - leadMs * (1 - 0.4 * random), minRotationMs),
    failedRotations: 0,
  };
}

/** The server asked for a rotation. */
export function hurry<S extends 'open' | 'checking'>(
  state: StateOf<S>,
  { withinMs }: Extract<Input, { type: 'rotate' }>,
  { nowMs, random }: Context,
): StateOf<S> {
  const rotateAt = Math.min(state.rotateAt, Math.max(nowMs + random * withinMs, state.openedAt + minHurriedMs));
  return { ...state, rotateAt, ...(state.status === 'open' ? { dueAt: rotateAt } : {}) };
}

/** Opens the successor, if the stream can be resumed. */
export function rotate(state: StateOf<'open'>, _input: unknown, { nowMs, position, settings }: Context): MachineState {
  const { policy, tokenTimeoutMs } = settings;
  if (position === 'unknown' || !mayRepeat(policy) || policy.maxAttempts === 0) return { ...state, dueAt: Infinity };
  return {
    ...state,
    status: 'rotating',
    stage: 'preparing',
    dueAt: nowMs + tokenTimeoutMs,
    memory: { ...state.memory, generation: state.memory.generation + 1, startedAt: nowMs },
  };
}

/** The successor is open. */
export function successorOpened(
  state: StateOf<'rotating'>,
  { connection }: Extract<Input, { type: 'opened' }>,
  { nowMs }: Context,
): MachineState {
  return { ...state, stage: 'open', successor: { ...connection, openedAt: nowMs }, dueAt: nowMs + liveTimeoutMs };
}

/** Continues with the successor, if it is open. */
export function handOver(state: StateOf<'rotating'>, _input: unknown, context: Context): MachineState {
  if (state.stage !== 'open') return state;
  const { memory, successor, visible } = state;
  const facts = justOpened(
    { connection: successor, generation: memory.generation },
    { ...context, nowMs: successor.openedAt },
  );
  return {
    ...facts,
    status: 'open',
    dueAt: facts.rotateAt,
    memory: afterOpening(afterStability(state, context).memory),
    visible,
  };
}

/** An open connection proves that its token was accepted and that the server is reachable. */
export function afterOpening(memory: Memory): Memory {
  return { ...memory, refreshes: [], interactions: 0, unreachable: 0 };
}

/** The old connection ended before the handover. */
export function predecessorEnded(state: StateOf<'rotating'>, end: AttemptEnd, context: Context): MachineState {
  const alone = afterOpenEnd(state, end, context);
  if (alone.status === 'closed') return alone;
  if (state.stage === 'open') return handOver(state, undefined, context);
  // The attempt continues as an ordinary one.
  const { memory } = afterStability(state, context);
  const visible = { status: 'connecting', attempt: memory.failures + 1 } as const;
  return { status: state.stage, dueAt: state.dueAt, memory, visible };
}

/** The successor failed: the old connection stays, and another successor is tried later, unless it would fail too. */
export function successorEnded(state: StateOf<'rotating'>, end: AttemptEnd, context: Context): MachineState {
  const { decision, memory } = decide(state.memory, state.failedRotations, end, context);
  const open = { ...stillOpen(state), memory, failedRotations: state.failedRotations + 1 };
  if (decision.action === 'refresh-token') return rotate(open, undefined, context);
  const rotateAt = 'delayMs' in decision ? context.nowMs + decision.delayMs : Infinity;
  return { ...open, rotateAt, dueAt: rotateAt };
}

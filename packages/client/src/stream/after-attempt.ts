import type { AttemptEnd } from '../connection/index.ts';
import { ConnectionError, type SseError } from '../errors.ts';
import { decideReconnect, type Decision, type Outcome } from '../policy/index.ts';
import type { StreamState } from '../stream-state.ts';
import type { Context } from './machine-input.ts';
import type { MachineState, Memory } from './machine-state.ts';

/** Distinct demands in a row that are satisfied by a new token. More is a server that cannot be satisfied. */
const maxRefreshes = 3;
/** Failed attempts in a row after which the error says what else may prevent a page from reaching a server. */
const unreachableHintAfter = 3;

/** Begins the next attempt. */
export function start(state: MachineState, { nowMs, settings }: Context): MachineState {
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

export function end(state: MachineState, visible: StreamState & { status: 'closed' }): MachineState {
  return { status: 'closed', memory: state.memory, visible };
}

export function wait(
  memory: Memory,
  dueAt: number,
  error: SseError | undefined,
  { nowMs, wallMs }: Context,
): MachineState {
  const retryAt = wallMs + (dueAt - nowMs);
  const attempt = memory.failures + 1;
  return { status: 'waiting', dueAt, error, memory, visible: { status: 'waiting', retryAt, attempt, error } };
}

/** A wake-up starts no attempt earlier than the server asked for, and none sooner than `baseDelayMs` after the last one began. */
export function earliest(memory: Memory, { settings }: Context): number {
  return Math.max(memory.notBefore, memory.startedAt + settings.policy.baseDelayMs);
}

/**
 * Decides what follows an attempt or a connection that ended (PROTOCOL 8).
 *
 * @param failures how often it failed before.
 */
export function decide(
  memory: Memory,
  failures: number,
  { demand = { error: undefined, claims: undefined }, error = connectionClosed, outcome, retryAfterMs }: AttemptEnd,
  { network, random, settings }: Context,
): { readonly decision: Decision; readonly memory: Memory; readonly error: SseError } {
  const next = afterOutcome(memory, outcome);
  const demanded = demand.claims ?? '';
  const refresh = next.refreshes.includes(demanded) || next.refreshes.length >= maxRefreshes ? 'spent' : 'possible';
  const hints = { retryMs: next.retryMs, retryAfterMs };
  const decision = decideReconnect(outcome, hints, { failures, refresh, network }, settings.policy, random);
  const refused = { refusal: { demand, error }, refreshes: [...next.refreshes, demanded] };
  return {
    decision,
    memory: decision.action === 'refresh-token' ? { ...next, ...refused } : next,
    error: explain(error, next.unreachable),
  };
}

/** The state after an attempt or a connection that ended. */
export function afterEnd(state: MachineState, attemptEnd: AttemptEnd, context: Context): MachineState {
  const { nowMs } = context;
  const { decision, memory, error } = decide(state.memory, state.memory.failures, attemptEnd, context);
  const next = { ...state, memory };
  switch (decision.action) {
    case 'complete':
      return end(next, { status: 'closed', reason: 'completed' });
    case 'fail':
      return end(next, { status: 'closed', reason: 'failed', error });
    case 'reconnect':
    case 'refresh-token':
      return start(next, context);
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

/**
 * Forgets what an outcome disproves. A 401 is answered by one new token: once the server has answered otherwise, the next 401 is about that token, and
 * may have another one. Any answer shows that the server is reachable.
 */
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

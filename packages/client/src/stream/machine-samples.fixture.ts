import { ended, type AttemptEnd } from '../connection/index.ts';
import { AccessTokenError, ConnectionError, InteractionRequiredError, ResponseError } from '../errors.ts';
import { defaultReconnectPolicy } from '../policy/index.ts';
import type { Context, Input } from './machine-input.ts';
import { initialState, type MachineState } from './machine-state.ts';

/** A state of each kind, the inputs of each kind, and a context: for tests and for STATES.md. */
export function machineSamples() {
  const context: Context = {
    nowMs: 100_000,
    wallMs: 1_700_000_000_000,
    random: 0.5,
    network: 'online',
    position: 'known',
    settings: {
      policy: { ...defaultReconnectPolicy, method: 'GET', token: 'renewable', onEnd: undefined },
      stableAfterMs: 10_000,
      tokenTimeoutMs: 60_000,
      connectTimeoutMs: 30_000,
    },
  };
  const { nowMs, wallMs } = context;
  const memory = { ...initialState.memory, generation: 3, startedAt: nowMs - 60_000 };
  const error = new ConnectionError('network-error', 'away');
  const interaction = new InteractionRequiredError('sign in', { settled: () => Promise.resolve() });
  const open = {
    connection: 3,
    openedAt: nowMs - 50_000,
    sessionMs: 60_000,
    server: 'sillage',
    rotateAt: nowMs + 1_000,
    failedRotations: 0,
  } as const;
  const connecting = { status: 'connecting', attempt: 1 } as const;
  const visiblyOpen = { status: 'open', since: wallMs - 50_000 } as const;
  const states: readonly MachineState[] = [
    initialState,
    { status: 'preparing', memory, dueAt: nowMs + 1_000, visible: connecting },
    { status: 'requesting', memory, dueAt: nowMs + 1_000, visible: connecting },
    { status: 'open', memory, ...open, dueAt: nowMs + 1_000, visible: visiblyOpen },
    { status: 'checking', memory, ...open, dueAt: nowMs + 1_000, visible: visiblyOpen },
    {
      status: 'rotating',
      memory: { ...memory, generation: 4 },
      ...open,
      stage: 'open',
      successor: { openedAt: nowMs - 10, sessionMs: 60_000, server: 'sillage' },
      dueAt: nowMs + 1_000,
      visible: visiblyOpen,
    },
    {
      status: 'waiting',
      memory: { ...memory, failures: 1 },
      dueAt: nowMs + 20_000,
      error,
      visible: { status: 'waiting', retryAt: wallMs + 20_000, attempt: 2, error },
    },
    { status: 'offline', memory, dueAt: nowMs + 20_000, visible: { status: 'offline' } },
    {
      status: 'interaction-required',
      memory,
      error: interaction,
      visible: { status: 'interaction-required', error: interaction },
    },
    { status: 'closed', memory, visible: { status: 'closed', reason: 'closed' } },
  ];
  const refused = (status: number): AttemptEnd => ({
    ...ended({ kind: 'refused', status, by: 'stream' }, new ResponseError(status)),
    demand: { error: 'invalid_token', claims: undefined },
  });
  const ends: readonly AttemptEnd[] = [
    ended({ kind: 'completed' }),
    ended({ kind: 'impossible' }, error),
    ended({ kind: 'unreachable' }, error),
    ended({ kind: 'interrupted' }, error),
    ended({ kind: 'ended', server: 'sillage' }, error),
    ended({ kind: 'not-sent' }, error),
    ended({ kind: 'no-token', retry: 'later' }, new AccessTokenError('away', { retry: 'later' })),
    ended({ kind: 'no-token', retry: 'never' }, new AccessTokenError('none')),
    ended({ kind: 'no-token', retry: 'after-interaction' }, interaction),
    refused(401),
    refused(403),
    refused(503),
  ];
  const inputs = (generation: number): readonly Input[] => [
    { type: 'subscribe' },
    { type: 'close' },
    { type: 'reconnect' },
    { type: 'wake' },
    { type: 'due', connection: 'reading' },
    { type: 'due', connection: 'paused' },
    { type: 'sent', generation },
    { type: 'answered', generation },
    { type: 'opened', generation, connection: { sessionMs: undefined, server: 'sillage' } },
    { type: 'bytes', generation },
    { type: 'live', generation },
    { type: 'rotate', generation, withinMs: 1_000 },
    { type: 'retry', generation, delayMs: 3_000 },
    ...ends.map((end): Input => ({ type: 'ended', generation, end })),
    { type: 'settled', generation },
    { type: 'abandoned', generation },
  ];
  return { context, states, inputs };
}

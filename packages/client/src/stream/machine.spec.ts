import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ended, type AttemptEnd } from '../connection/index.ts';
import { AccessTokenError, ConnectionError, InteractionRequiredError, ResponseError } from '../errors.ts';
import type { Outcome } from '../policy/index.ts';
import { defaultReconnectPolicy } from '../policy/index.ts';
import type { Context, Input } from './machine-input.ts';
import { machineSamples } from './machine-samples.fixture.ts';
import { initialState, type MachineState, type Memory, type StateOf, type Status } from './machine-state.ts';
import { transition } from './machine.ts';
import { resourcesOf } from './resources.ts';

const { context, inputs, states } = machineSamples();

const arbitraryOutcome: fc.Arbitrary<Outcome> = fc.oneof(
  fc.constantFrom<Outcome>(
    { kind: 'completed' },
    { kind: 'impossible' },
    { kind: 'not-sent' },
    { kind: 'unreachable' },
    { kind: 'interrupted' },
    { kind: 'ended', server: 'sillage' },
    { kind: 'ended', server: 'other' },
    { kind: 'no-token', retry: 'later' },
    { kind: 'no-token', retry: 'never' },
    { kind: 'no-token', retry: 'after-interaction' },
  ),
  fc.record({
    kind: fc.constant('refused' as const),
    status: fc.constantFrom(201, 304, 400, 401, 403, 408, 429, 500, 503),
    by: fc.constantFrom('stream' as const, 'ticket-endpoint' as const),
  }),
);

const arbitraryEnd: fc.Arbitrary<AttemptEnd> = fc.record({
  outcome: arbitraryOutcome,
  error: fc.constantFrom(
    new ConnectionError('network-error', 'away'),
    new ResponseError(503),
    new AccessTokenError('none'),
    new InteractionRequiredError('sign in', { settled: () => Promise.resolve() }),
  ),
  retryAfterMs: fc.option(fc.nat(100_000), { nil: undefined }),
  demand: fc.option(fc.record({ error: fc.constant(undefined), claims: fc.constantFrom(undefined, '{"a":1}') }), {
    nil: undefined,
  }),
});

/** An input of the present generation, or of an earlier one. */
const arbitraryInput: fc.Arbitrary<(generation: number) => Input> = fc.oneof(
  fc
    .constantFrom<Input>(
      { type: 'subscribe' },
      { type: 'reconnect' },
      { type: 'wake' },
      { type: 'due', connection: 'reading' },
    )
    .map((input) => () => input),
  fc
    .tuple(fc.constantFrom(0, 0, 0, 1), fc.constantFrom('sent', 'answered', 'bytes', 'live', 'settled', 'abandoned'))
    .map(([late, type]) => (generation: number) => ({ type, generation: generation - late })),
  fc
    .tuple(fc.constantFrom(0, 0, 0, 1), fc.option(fc.nat(60_000), { nil: undefined }))
    .map(([late, sessionMs]) => (generation: number): Input => ({
      type: 'opened',
      generation: generation - late,
      connection: { sessionMs, server: 'sillage' },
    })),
  fc
    .tuple(fc.constantFrom(0, 0, 0, 1), arbitraryEnd)
    .map(([late, end]) => (generation: number): Input => ({ type: 'ended', generation: generation - late, end })),
  fc.nat(100_000).map((delayMs) => (generation: number): Input => ({ type: 'retry', generation, delayMs })),
  fc.nat(100_000).map((withinMs) => (generation: number): Input => ({ type: 'rotate', generation, withinMs })),
);

const arbitraryStep = fc.record({
  input: arbitraryInput,
  afterMs: fc.nat(40_000),
  random: fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
  network: fc.constantFrom('online' as const, 'offline' as const),
  position: fc.constantFrom('known' as const, 'known' as const, 'unknown' as const),
});

function run(
  steps: readonly (typeof arbitraryStep extends fc.Arbitrary<infer S> ? S : never)[],
  settings = context.settings,
) {
  let state: MachineState = initialState;
  let nowMs = 0;
  const path: { state: MachineState; input: Input; context: Context }[] = [];
  for (const { input: make, afterMs, random, network, position } of steps) {
    nowMs += afterMs;
    const input = make(state.memory.generation);
    const stepContext: Context = { ...context, nowMs, wallMs: nowMs + 1e12, random, network, position, settings };
    state = transition(state, input, stepContext);
    path.push({ state, input, context: stepContext });
  }
  return { state, path };
}

describe('the machine of a stream', () => {
  it('answers every input in every state, and never throws', () => {
    for (const state of states) {
      for (const input of inputs(state.memory.generation)) expect(transition(state, input, context)).toBeDefined();
    }
  });

  it('ends in "closed" with close(), from every state, and stays there', () => {
    for (const state of states) {
      const closed = transition(state, { type: 'close' }, context);
      expect(closed.status).toBe('closed');
      for (const input of inputs(closed.memory.generation)) expect(transition(closed, input, context)).toBe(closed);
      expect(resourcesOf(closed)).toEqual({
        attempt: undefined,
        successor: undefined,
        reportBytes: 'no',
        interaction: undefined,
        dueAt: undefined,
        page: 'unwatched',
      });
    }
  });

  it('starts a new attempt with reconnect() in every state but idle and closed', () => {
    for (const state of states) {
      const next = transition(state, { type: 'reconnect' }, context);
      if (state.status === 'idle' || state.status === 'closed') expect(next).toBe(state);
      else expect(next).toMatchObject({ status: 'preparing', memory: { generation: state.memory.generation + 1 } });
    }
  });

  it('ignores every input of an earlier attempt in every state', () => {
    for (const state of states) {
      const first = 'connection' in state ? state.connection : state.memory.generation;
      for (const input of inputs(first - 1)) {
        if ('generation' in input) expect(transition(state, input, context)).toBe(state);
      }
    }
  });

  it('has a way on from every state: an attempt, a timer or an interaction (properties)', () => {
    fc.assert(
      fc.property(fc.array(arbitraryStep, { maxLength: 60 }), (steps) => {
        for (const { state } of run(steps).path) {
          if (state.status === 'idle' || state.status === 'closed') continue;
          const { attempt, dueAt, interaction } = resourcesOf(state);
          expect([attempt, dueAt, interaction].some((resource) => resource !== undefined)).toBe(true);
          // What is not limited by a timer is an open connection, whose silence is watched, or a user.
          if (dueAt === undefined) expect(['open', 'interaction-required']).toContain(state.status);
        }
      }),
      { numRuns: 2_000 },
    );
  });

  it('has a successor only while it rotates, and rotates only what may be resumed (properties)', () => {
    fc.assert(
      fc.property(fc.array(arbitraryStep, { maxLength: 60 }), (steps) => {
        let previous: MachineState = initialState;
        for (const { state, context: step } of run(steps).path) {
          const { attempt, successor } = resourcesOf(state);
          expect(successor !== undefined).toBe(state.status === 'rotating');
          if (successor !== undefined) expect(successor).toBeGreaterThan(attempt ?? Infinity);
          if (state.status === 'rotating' && previous.status === 'open') expect(step.position).toBe('known');
          // Users see one state from the first connection to the last, as long as one is open.
          const wasOpen = ['open', 'checking', 'rotating'].includes(previous.status);
          if (wasOpen && ['open', 'checking', 'rotating'].includes(state.status))
            expect(state.visible).toBe(previous.visible);
          previous = state;
        }
      }),
      { numRuns: 2_000 },
    );
  });

  it('never starts two attempts by itself within the floor that a server asked for (properties)', () => {
    fc.assert(
      fc.property(fc.array(arbitraryStep, { maxLength: 60 }), (steps) => {
        let previous: MachineState = initialState;
        for (const { state, input, context: step } of run(steps).path) {
          const started = state.memory.generation > previous.memory.generation;
          if (started && input.type === 'wake') {
            expect(step.nowMs).toBeGreaterThanOrEqual(previous.memory.notBefore);
            expect(step.nowMs - previous.memory.startedAt).toBeGreaterThanOrEqual(1_000);
          }
          previous = state;
        }
      }),
      { numRuns: 2_000 },
    );
  });

  it('never sends a request again by itself that may have been processed (properties)', () => {
    const post = {
      ...context.settings,
      policy: { ...defaultReconnectPolicy, method: 'POST', token: 'renewable' as const, onEnd: undefined },
    };
    fc.assert(
      fc.property(fc.array(arbitraryStep, { maxLength: 60 }), (steps) => {
        const { path } = run(steps, post);
        for (const { state, input } of path) {
          if (input.type !== 'ended' || input.generation !== state.memory.generation) continue;
          const { kind } = input.end.outcome;
          if (kind === 'unreachable' || kind === 'interrupted') {
            expect(['closed', 'idle', 'waiting', 'offline', 'interaction-required']).toContain(state.status);
          }
        }
        const processed = path.findIndex(
          ({ input, state }, index) =>
            input.type === 'ended' &&
            (input.end.outcome.kind === 'unreachable' || input.end.outcome.kind === 'interrupted') &&
            index > 0 &&
            state !== path[index - 1]?.state,
        );
        if (processed !== -1) expect(path[processed]?.state.status).toBe('closed');
      }),
      { numRuns: 2_000 },
    );
  });

  it('gives up after maxAttempts waits in a row (properties)', () => {
    const limited = { ...context.settings, policy: { ...context.settings.policy, maxAttempts: 3 } };
    fc.assert(
      fc.property(fc.array(arbitraryStep, { maxLength: 80 }), (steps) => {
        for (const { state } of run(steps, limited).path) expect(state.memory.failures).toBeLessThanOrEqual(3);
      }),
      { numRuns: 1_000 },
    );
  });

  it('keeps its memory bounded (properties)', () => {
    fc.assert(
      fc.property(fc.array(arbitraryStep, { maxLength: 80 }), (steps) => {
        expect(run(steps).state.memory.refreshes.length).toBeLessThanOrEqual(3);
      }),
    );
  });

  it('waits without a time limit only where that was asked for', () => {
    const unlimited = { ...context.settings, tokenTimeoutMs: Infinity, connectTimeoutMs: Infinity };
    const preparing = transition(initialState, { type: 'subscribe' }, { ...context, settings: unlimited });
    expect(resourcesOf(preparing).dueAt).toBeUndefined();
    const requesting = transition(preparing, { type: 'sent', generation: 1 }, { ...context, settings: unlimited });
    expect(resourcesOf(requesting).dueAt).toBeUndefined();
    expect(resourcesOf(transition(initialState, { type: 'subscribe' }, context)).dueAt).toBe(context.nowMs + 60_000);
  });

  it('keeps the same visible state while one attempt replaces another', () => {
    const first = transition(initialState, { type: 'subscribe' }, context);
    expect(transition(first, { type: 'reconnect' }, context).visible).toBe(first.visible);
  });

  it('completes without an error, and fails with one even if the end has none', () => {
    const open = states.find(({ status }) => status === 'open') ?? initialState;
    const { generation } = open.memory;
    expect(transition(open, { type: 'ended', generation, end: ended({ kind: 'completed' }) }, context).visible).toEqual(
      {
        status: 'closed',
        reason: 'completed',
      },
    );
    expect(
      transition(open, { type: 'ended', generation, end: ended({ kind: 'impossible' }) }, context).visible,
    ).toMatchObject({ reason: 'failed', error: { code: 'connection-closed' } });
  });
});

/** The sample of one state, with other memory and facts. */
function sample<S extends Status>(status: S, memory: Partial<Memory> = {}, facts: object = {}): StateOf<S> {
  const state = states.find((other) => other.status === status) ?? initialState;
  return { ...state, ...facts, memory: { ...state.memory, ...memory } } as StateOf<S>;
}

const { nowMs } = context;
const networkError = new ConnectionError('network-error', 'away');

/** What follows the end of the current attempt. */
function afterEnd(state: MachineState, end: AttemptEnd, changes: Partial<Context> = {}): MachineState {
  const { generation } = state.memory;
  return transition(state, { type: 'ended', generation, end }, { ...context, ...changes });
}

describe('the end of a connection with an announced session time', () => {
  const end = (sessionMs: number | undefined, lastedMs: number, kind: 'ended' | 'interrupted') =>
    afterEnd(
      sample('open', {}, { sessionMs, openedAt: nowMs - lastedMs }),
      ended(kind === 'ended' ? { kind, server: 'sillage' } : { kind }, networkError),
    );

  it.each([
    [10_000, 8_000, 'preparing'],
    [10_000, 7_999, 'waiting'],
    [3_000, 1_500, 'preparing'],
    [3_000, 1_499, 'waiting'],
    [1_000, 1_000, 'preparing'],
    [1_000, 999, 'waiting'],
    [undefined, 100_000, 'waiting'],
  ])('of %s ms after %s ms leads to "%s"', (sessionMs, lastedMs, status) => {
    expect(end(sessionMs, lastedMs, 'ended').status).toBe(status);
    expect(end(sessionMs, lastedMs, 'interrupted').status).toBe(status);
  });

  it('reconnects with the same token: nothing was refused', () => {
    expect(end(10_000, 10_000, 'ended').memory).toMatchObject({ refusal: undefined, refreshes: [], failures: 0 });
  });

  it('completes or fails if the server said so', () => {
    const open = sample('open', {}, { sessionMs: 10_000, openedAt: nowMs - 10_000 });
    expect(afterEnd(open, ended({ kind: 'completed' })).visible).toMatchObject({ reason: 'completed' });
    expect(afterEnd(open, ended({ kind: 'impossible' }, networkError)).visible).toMatchObject({ reason: 'failed' });
  });
});

describe.each(['waiting', 'offline'] as const)('a wake-up in the state "%s"', (status) => {
  const dueAt = nowMs + 20_000;
  const wake = (state: MachineState) => transition(state, { type: 'wake' }, context);

  it('begins the attempt if the time that the server asked for is over', () => {
    expect(wake(sample(status, { notBefore: nowMs }))).toMatchObject({ status: 'preparing' });
  });

  it('begins the attempt if baseDelayMs has passed since the last one began', () => {
    expect(wake(sample(status, { startedAt: nowMs - 1_000 }))).toMatchObject({ status: 'preparing' });
    expect(wake(sample(status, { startedAt: nowMs - 999 }))).toMatchObject({ status, dueAt: nowMs + 1 });
  });

  it('shortens the wait to the time that the server asked for', () => {
    expect(wake(sample(status, { notBefore: dueAt - 1 }))).toMatchObject({ status, dueAt: dueAt - 1 });
  });

  it('changes nothing if it cannot shorten the wait', () => {
    for (const notBefore of [dueAt, dueAt + 1]) {
      const state = sample(status, { notBefore });
      expect(wake(state)).toBe(state);
    }
  });
});

describe('the attempt after a user interaction', () => {
  const settle = (interactions: number, startedAt: number) => {
    const state = sample('interaction-required', { interactions, startedAt });
    return transition(state, { type: 'settled', generation: state.memory.generation }, context);
  };

  it('begins at once after the first interaction, and counts it', () => {
    expect(settle(0, nowMs)).toMatchObject({ status: 'preparing', memory: { interactions: 1, refusal: undefined } });
  });

  it.each([
    [2, 1_000],
    [3, 2_000],
    [4, 4_000],
    [7, 32_000],
    [8, 32_000],
    [20, 32_000],
  ])('begins after interaction %s in a row %s ms after the last attempt began', (interactions, delayMs) => {
    expect(settle(interactions - 1, nowMs)).toMatchObject({ status: 'waiting', dueAt: nowMs + delayMs });
    expect(settle(interactions - 1, nowMs - delayMs)).toMatchObject({ status: 'preparing' });
    expect(settle(interactions - 1, nowMs - delayMs + 1)).toMatchObject({ status: 'waiting', dueAt: nowMs + 1 });
  });
});

describe('the resources', () => {
  const none = {
    attempt: undefined,
    successor: undefined,
    reportBytes: 'no',
    interaction: undefined,
    dueAt: undefined,
    page: 'watched',
  };
  const attempt = { attempt: 3 };

  it.each([
    ['idle', { page: 'unwatched' }],
    ['preparing', { ...attempt, dueAt: nowMs + 1_000 }],
    ['requesting', { ...attempt, dueAt: nowMs + 1_000 }],
    ['open', { ...attempt, dueAt: nowMs + 1_000 }],
    ['rotating', { ...attempt, successor: 4, dueAt: nowMs + 1_000 }],
    ['checking', { ...attempt, reportBytes: 'yes', dueAt: nowMs + 1_000 }],
    ['waiting', { dueAt: nowMs + 20_000 }],
    ['offline', { dueAt: nowMs + 20_000 }],
    ['interaction-required', { interaction: 3 }],
    ['closed', { page: 'unwatched' }],
  ] as const)('of the state "%s" are those that it needs, and no others', (status, resources) => {
    expect(resourcesOf(sample(status))).toEqual({ ...none, ...resources });
  });
});

describe('what the machine shows and remembers', () => {
  it('shows the number of the attempt that begins after a wait', () => {
    const next = transition(sample('waiting', { failures: 4 }), { type: 'due', connection: 'reading' }, context);
    expect(next.visible).toEqual({ status: 'connecting', attempt: 5 });
  });

  it('says that a token that was not available in time may be available later', () => {
    expect(transition(sample('preparing'), { type: 'due', connection: 'reading' }, context)).toMatchObject({
      status: 'waiting',
      error: { code: 'token-unavailable', retry: 'later', message: expect.stringContaining('60000 ms') as string },
    });
  });

  it('forgets refusals, interactions and unreachable attempts once a connection is open, and keeps the failures', () => {
    const state = sample('requesting', { refreshes: [''], interactions: 2, unreachable: 2, failures: 2 });
    const { generation } = state.memory;
    const connection = { sessionMs: 5_000, server: 'other' } as const;
    expect(transition(state, { type: 'opened', generation, connection }, context)).toMatchObject({
      ...connection,
      openedAt: nowMs,
      memory: { refreshes: [], interactions: 0, unreachable: 0, failures: 2 },
    });
  });

  it('asks for another token without an error and claims if a 401 has no challenge', () => {
    const error = new ResponseError(401);
    const next = afterEnd(sample('requesting'), ended({ kind: 'refused', status: 401, by: 'stream' }, error));
    expect(next).toMatchObject({ status: 'preparing', memory: { refreshes: [''] } });
    expect(next.memory.refusal).toStrictEqual({ demand: { error: undefined, claims: undefined }, error });
  });

  it('keeps the refused demands while no token is available, and forgets them after another answer', () => {
    const refreshes = ['{"a":1}'];
    const noToken = ended({ kind: 'no-token', retry: 'later' }, new AccessTokenError('away', { retry: 'later' }));
    expect(afterEnd(sample('preparing', { refreshes }), noToken).memory.refreshes).toEqual(refreshes);
    const unavailable = ended({ kind: 'refused', status: 503, by: 'stream' }, new ResponseError(503));
    expect(afterEnd(sample('requesting', { refreshes }), unavailable).memory.refreshes).toEqual([]);
  });

  it('waits for the network as long as the server asks for and a part of maxDelayMs', () => {
    const end = { ...ended({ kind: 'unreachable' }, networkError), retryAfterMs: 2_000 };
    expect(afterEnd(sample('requesting'), end, { network: 'offline' })).toMatchObject({
      status: 'offline',
      dueAt: nowMs + 2_000 + 22_500,
      memory: { notBefore: nowMs + 2_000 },
    });
  });

  it('shows no error while it waits after an end without one', () => {
    const next = afterEnd(sample('open'), ended({ kind: 'ended', server: 'sillage' }));
    expect(next).toMatchObject({ status: 'waiting', visible: { status: 'waiting', error: undefined } });
  });
});

describe('the explanation of a server that cannot be reached', () => {
  const fail = (unreachable: number, error: ConnectionError) =>
    afterEnd(sample('requesting', { unreachable }), ended({ kind: 'unreachable' }, error));

  it('is added at the third attempt in a row without a response, and keeps the cause', () => {
    const cause = new TypeError('Failed to fetch');
    const error = new ConnectionError('network-error', 'away', { cause });
    expect(fail(1, error)).toMatchObject({ error, memory: { unreachable: 2 } });
    expect(fail(2, error)).toMatchObject({
      error: { message: expect.stringContaining('failed 3 times in a row') as string, cause },
      memory: { unreachable: 3 },
    });
  });

  it('is not added to another error', () => {
    const error = new ConnectionError('connect-timeout', 'No response within 30000 ms.');
    expect((fail(5, error) as StateOf<'waiting'>).error).toBe(error);
  });

  it('is counted again after any response', () => {
    const unavailable = ended({ kind: 'refused', status: 503, by: 'stream' }, new ResponseError(503));
    expect(afterEnd(sample('requesting', { unreachable: 2 }), unavailable).memory.unreachable).toBe(0);
  });
});

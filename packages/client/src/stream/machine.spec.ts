import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ended, type AttemptEnd } from '../connection/index.ts';
import { AccessTokenError, ConnectionError, InteractionRequiredError, ResponseError } from '../errors.ts';
import type { Outcome } from '../policy/index.ts';
import { defaultReconnectPolicy } from '../policy/index.ts';
import type { Context, Input } from './machine-input.ts';
import { machineSamples } from './machine-samples.fixture.ts';
import { initialState, type MachineState } from './machine-state.ts';
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
    .tuple(fc.constantFrom(0, 0, 0, 1), fc.constantFrom('sent', 'answered', 'bytes', 'settled', 'abandoned'))
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
);

const arbitraryStep = fc.record({
  input: arbitraryInput,
  afterMs: fc.nat(40_000),
  random: fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
  network: fc.constantFrom('online' as const, 'offline' as const),
});

function run(
  steps: readonly (typeof arbitraryStep extends fc.Arbitrary<infer S> ? S : never)[],
  settings = context.settings,
) {
  let state: MachineState = initialState;
  let nowMs = 0;
  const path: { state: MachineState; input: Input; context: Context }[] = [];
  for (const { input: make, afterMs, random, network } of steps) {
    nowMs += afterMs;
    const input = make(state.memory.generation);
    const stepContext: Context = { ...context, nowMs, wallMs: nowMs + 1e12, random, network, settings };
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
      for (const input of inputs(state.memory.generation - 1)) {
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

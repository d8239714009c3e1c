import { describe, expect, it } from 'vitest';
import {
  decideReconnect,
  defaultReconnectPolicy,
  type Decision,
  type Outcome,
  type ReconnectHints,
  type ReconnectHistory,
  type ReconnectPolicy,
  type RequestKind,
} from './reconnect-policy.ts';

const refused = (status: number): Outcome => ({ kind: 'refused', status });
const wait = (delayMs: number): Decision => ({ action: 'wait', delayMs });
const fail: Decision = { action: 'fail' };

interface Row {
  readonly rule: string;
  readonly outcome: Outcome;
  readonly hints?: Partial<ReconnectHints>;
  readonly history?: Partial<ReconnectHistory>;
  readonly policy?: Partial<ReconnectPolicy & RequestKind>;
  readonly random?: number;
  readonly decision: Decision;
}

const interrupted: Outcome = { kind: 'interrupted' };
const unreachable: Outcome = { kind: 'unreachable' };

const table: Row[] = [
  { rule: '8.2 what is complete completes', outcome: { kind: 'completed' }, decision: { action: 'complete' } },
  { rule: '8.3 what cannot go on fails', outcome: { kind: 'impossible' }, decision: fail },
  {
    rule: '8.4 a first 401 asks for a new token',
    outcome: refused(401),
    history: { refusals: 1 },
    decision: { action: 'refresh-token' },
  },
  { rule: '8.4 a second 401 in a row fails', outcome: refused(401), history: { refusals: 2 }, decision: fail },
  {
    rule: '8.4 a 401 fails where nobody can be asked',
    outcome: refused(401),
    history: { refusals: 1 },
    policy: { token: 'none' },
    decision: fail,
  },
  ...[400, 403, 404, 405, 410, 422, 431].map((status): Row => ({
    rule: `8.5 a ${status} fails`,
    outcome: refused(status),
    decision: fail,
  })),
  ...[408, 425, 429].map((status): Row => ({
    rule: `8.6 a ${status} waits`,
    outcome: refused(status),
    decision: wait(500),
  })),
  ...[500, 502, 503, 504].map((status): Row => ({
    rule: `8.7 a ${status} waits`,
    outcome: refused(status),
    decision: wait(500),
  })),
  { rule: '8.7 an unreachable server is waited for', outcome: unreachable, decision: wait(500) },
  { rule: '8.7 an interruption waits', outcome: interrupted, decision: wait(500) },
  {
    rule: '8.7 the bound doubles with every failure',
    outcome: unreachable,
    history: { failures: 3 },
    decision: wait(4_000),
  },
  { rule: '8.7 the bound has a cap', outcome: unreachable, history: { failures: 50 }, decision: wait(15_000) },
  {
    rule: '8.7 jitter is full: the least wait is the floor',
    outcome: unreachable,
    history: { failures: 9 },
    random: 0,
    decision: wait(0),
  },
  { rule: '8.7 jitter is full: the longest is the bound', outcome: unreachable, random: 1, decision: wait(1_000) },
  {
    rule: 'retry: is a floor, and jitter lies above it',
    outcome: interrupted,
    hints: { retryMs: 3_000 },
    decision: wait(3_500),
  },
  {
    rule: 'Retry-After is a floor, and jitter lies above it',
    outcome: refused(429),
    hints: { retryAfterMs: 7_000 },
    decision: wait(7_500),
  },
  {
    rule: 'the larger floor holds',
    outcome: refused(503),
    hints: { retryMs: 3_000, retryAfterMs: 7_000 },
    random: 0,
    decision: wait(7_000),
  },
  {
    rule: 'a floor may lie above the cap of the jitter',
    outcome: refused(503),
    hints: { retryAfterMs: 60_000 },
    random: 0,
    decision: wait(60_000),
  },
  {
    rule: 'retry: 4294967296 does not overflow a timer',
    outcome: interrupted,
    hints: { retryMs: 2 ** 32 },
    random: 0,
    decision: wait(3_600_000),
  },
  {
    rule: 'no policy can overflow a timer',
    outcome: interrupted,
    hints: { retryMs: 2 ** 40 },
    policy: { maxServerDelayMs: Infinity },
    decision: wait(2 ** 31 - 1),
  },
  {
    rule: '8.8 offline waits for the network',
    outcome: unreachable,
    history: { network: 'offline', failures: 5 },
    policy: { maxAttempts: 5 },
    decision: { action: 'wait-for-network' },
  },
  {
    rule: '8.9 interaction is waited for',
    outcome: { kind: 'no-token', retry: 'after-interaction' },
    decision: { action: 'wait-for-interaction' },
  },
  { rule: '8.10 a passing lack of a token waits', outcome: { kind: 'no-token', retry: 'later' }, decision: wait(500) },
  { rule: '8.11 any other lack of a token fails', outcome: { kind: 'no-token', retry: 'never' }, decision: fail },
  { rule: '8.12 an interrupted POST fails', outcome: interrupted, policy: { method: 'POST' }, decision: fail },
  {
    rule: '8.12 an interrupted POST is repeated when asked for',
    outcome: interrupted,
    policy: { method: 'POST', unsafeMethods: 'repeat' },
    decision: wait(500),
  },
  {
    rule: '8.12 a POST that got no response is sent again',
    outcome: unreachable,
    policy: { method: 'POST' },
    decision: wait(500),
  },
  {
    rule: 'the last attempt allowed is made',
    outcome: unreachable,
    history: { failures: 4 },
    policy: { maxAttempts: 5 },
    decision: wait(8_000),
  },
  {
    rule: 'attempts past the bound fail',
    outcome: unreachable,
    history: { failures: 5 },
    policy: { maxAttempts: 5 },
    decision: fail,
  },
  {
    rule: 'never reconnecting fails at once, offline too',
    outcome: unreachable,
    history: { network: 'offline' },
    policy: { maxAttempts: 0 },
    decision: fail,
  },
];

describe('the reconnection policy (PROTOCOL 8)', () => {
  it.each(table)('$rule', ({ outcome, hints, history, policy, random = 0.5, decision }) => {
    expect(
      decideReconnect(
        outcome,
        { retryMs: null, retryAfterMs: null, ...hints },
        { failures: 0, refusals: 0, network: 'online', ...history },
        { ...defaultReconnectPolicy, method: 'GET', token: 'renewable', ...policy },
        random,
      ),
    ).toEqual(decision);
  });
});

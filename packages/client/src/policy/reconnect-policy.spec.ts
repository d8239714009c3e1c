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

const refused = (status: number, by: 'stream' | 'ticket-endpoint' = 'stream'): Outcome => ({
  kind: 'refused',
  status,
  by,
});
const wait = (delayMs: number, floorMs = 0): Decision => ({ action: 'wait', delayMs, floorMs });
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
  { rule: '8.2 a completed stream completes', outcome: { kind: 'completed' }, decision: { action: 'complete' } },
  { rule: '8.3 an impossible stream fails', outcome: { kind: 'impossible' }, decision: fail },
  {
    rule: '8.4 a first 401 asks for a new token',
    outcome: refused(401),
    history: { refresh: 'possible' },
    decision: { action: 'refresh-token' },
  },
  {
    rule: '8.4 a 401 fails if a token was already requested for the same demand',
    outcome: refused(401),
    history: { refresh: 'spent' },
    decision: fail,
  },
  {
    rule: '8.4 a 401 fails without an accessToken function',
    outcome: refused(401),
    history: { refresh: 'possible' },
    policy: { token: 'none' },
    decision: fail,
  },
  ...[201, 203, 205, 206, 226, 299, 304, 400, 403, 404, 405, 410, 422, 431].map((status): Row => ({
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
  { rule: '8.7 an unreachable server waits', outcome: unreachable, decision: wait(500) },
  { rule: '8.7 an interruption waits', outcome: interrupted, decision: wait(500) },
  {
    rule: '8.7 the limit doubles with every failure',
    outcome: unreachable,
    history: { failures: 3 },
    decision: wait(4_000),
  },
  { rule: '8.7 the limit has a cap', outcome: unreachable, history: { failures: 50 }, decision: wait(15_000) },
  {
    rule: '8.7 jitter is full: the least wait is the floor',
    outcome: unreachable,
    history: { failures: 9 },
    random: 0,
    decision: wait(0),
  },
  { rule: '8.7 jitter is full: the longest wait is the limit', outcome: unreachable, random: 1, decision: wait(1_000) },
  {
    rule: 'retry: is a floor, and jitter lies above it',
    outcome: interrupted,
    hints: { retryMs: 3_000 },
    decision: wait(3_500, 3_000),
  },
  {
    rule: 'Retry-After is a floor, and jitter lies above it',
    outcome: refused(429),
    hints: { retryAfterMs: 7_000 },
    decision: wait(7_500, 7_000),
  },
  {
    rule: 'the larger floor holds',
    outcome: refused(503),
    hints: { retryMs: 3_000, retryAfterMs: 7_000 },
    random: 0,
    decision: wait(7_000, 7_000),
  },
  {
    rule: 'a floor may lie above the cap of the jitter',
    outcome: refused(503),
    hints: { retryAfterMs: 60_000 },
    random: 0,
    decision: wait(60_000, 60_000),
  },
  {
    rule: 'retry: 4294967296 does not overflow a timer',
    outcome: interrupted,
    hints: { retryMs: 2 ** 32 },
    random: 0,
    decision: wait(3_600_000, 3_600_000),
  },
  {
    rule: '8.8 offline waits for the network',
    outcome: unreachable,
    history: { network: 'offline', failures: 5 },
    policy: { maxAttempts: 5 },
    hints: { retryMs: 2_000 },
    decision: { action: 'wait-for-network', delayMs: 24_500, floorMs: 2_000 },
  },
  {
    rule: '8.9 a required interaction is waited for',
    outcome: { kind: 'no-token', retry: 'after-interaction' },
    decision: { action: 'wait-for-interaction' },
  },
  {
    rule: '8.10 a token that is temporarily not available waits',
    outcome: { kind: 'no-token', retry: 'later' },
    decision: wait(500),
  },
  {
    rule: '8.11 a token that is not available for another reason fails',
    outcome: { kind: 'no-token', retry: 'never' },
    decision: fail,
  },
  { rule: '8.12 an interrupted POST fails', outcome: interrupted, policy: { method: 'POST' }, decision: fail },
  {
    rule: '8.12 an interrupted POST is repeated if it may be',
    outcome: interrupted,
    policy: { method: 'POST', unsafeMethods: 'repeat' },
    decision: wait(500),
  },
  ...[unreachable, interrupted, refused(500), refused(502), refused(503)].flatMap((outcome): Row[] => [
    {
      rule: `8.12 a POST fails: ${JSON.stringify(outcome)}`,
      outcome,
      policy: { method: 'POST' },
      decision: fail,
    },
    {
      rule: `8.12 a POST that may be repeated waits: ${JSON.stringify(outcome)}`,
      outcome,
      policy: { method: 'POST', unsafeMethods: 'repeat' },
      decision: wait(500),
    },
    { rule: `8.12 a PUT waits: ${JSON.stringify(outcome)}`, outcome, policy: { method: 'PUT' }, decision: wait(500) },
  ]),
  ...[refused(408), refused(425), refused(429)].map((outcome): Row => ({
    rule: `8.12 a POST waits if it was not processed: ${JSON.stringify(outcome)}`,
    outcome,
    policy: { method: 'POST' },
    decision: wait(500),
  })),
  {
    rule: '8.12 a POST waits after a 503 with Retry-After, which was not processed',
    outcome: refused(503),
    hints: { retryAfterMs: 2_000 },
    policy: { method: 'POST' },
    decision: wait(2_500, 2_000),
  },
  {
    rule: '8.12 a POST fails after a 500 with Retry-After',
    outcome: refused(500),
    hints: { retryAfterMs: 2_000 },
    policy: { method: 'POST' },
    decision: fail,
  },
  ...[refused(500, 'ticket-endpoint'), { kind: 'not-sent' } as const].map((outcome): Row => ({
    rule: `8.12 a POST that was not sent waits: ${JSON.stringify(outcome)}`,
    outcome,
    policy: { method: 'POST' },
    decision: wait(500),
  })),
  { rule: '6.1 an announced end reconnects at once', outcome: { kind: 'expired' }, decision: { action: 'reconnect' } },
  {
    rule: '6.1 an announced end fails a POST that may not be repeated',
    outcome: { kind: 'expired' },
    policy: { method: 'POST' },
    decision: fail,
  },
  {
    rule: '6.1 an announced end fails a stream that never reconnects',
    outcome: { kind: 'expired' },
    policy: { maxAttempts: 0 },
    decision: fail,
  },
  ...(['sillage', 'other'] as const).flatMap((server): Row[] => [
    { rule: `6.6 a GET that ends waits (${server})`, outcome: { kind: 'ended', server }, decision: wait(500) },
    ...(['complete', 'fail'] as const).map((onEnd): Row => ({
      rule: `onEnd "${onEnd}" decides (${server})`,
      outcome: { kind: 'ended', server },
      policy: { onEnd },
      decision: { action: onEnd },
    })),
    {
      rule: `onEnd "reconnect" fails a POST that may not be repeated (${server})`,
      outcome: { kind: 'ended', server },
      policy: { method: 'POST', onEnd: 'reconnect' },
      decision: fail,
    },
  ]),
  {
    rule: 'a POST that ends completes at a server of another protocol, even if it may be repeated',
    outcome: { kind: 'ended', server: 'other' },
    policy: { method: 'POST', unsafeMethods: 'repeat' },
    decision: { action: 'complete' },
  },
  {
    rule: '6.6 a POST that ends without complete fails at a server of this protocol',
    outcome: { kind: 'ended', server: 'sillage' },
    policy: { method: 'POST' },
    decision: fail,
  },
  {
    rule: '6.6 a POST that ends without complete is repeated at a server of this protocol, if it may be',
    outcome: { kind: 'ended', server: 'sillage' },
    policy: { method: 'POST', unsafeMethods: 'repeat' },
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
    rule: 'attempts past the limit fail',
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
        { retryMs: undefined, retryAfterMs: undefined, ...hints },
        { failures: 0, refresh: 'possible', network: 'online', ...history },
        { ...defaultReconnectPolicy, method: 'GET', token: 'renewable', onEnd: undefined, ...policy },
        random,
      ),
    ).toEqual(decision);
  });
});

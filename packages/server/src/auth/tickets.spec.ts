import { describe, expect, it } from 'vitest';
import type { Identity } from './identity.ts';
import { createTickets } from './tickets.ts';

const alice = { key: 'contoso.alice' } as Identity;

function setUp(options: { lifetimeMs?: number; maxTickets?: number } = {}) {
  const time = { nowMs: 1_000 };
  const clock = { now: () => time.nowMs, setTimer: () => () => undefined };
  return { time, tickets: createTickets({ ...options, clock }) };
}

describe('tickets (PROTOCOL 2.5)', () => {
  it('stand for their user once, at their path', () => {
    const { tickets } = setUp();
    const { ticket, expiresInMs } = tickets.issue(alice, '/events');
    expect(ticket).toMatch(/^[\w-]{43}$/);
    expect(expiresInMs).toBe(30_000);
    expect(tickets.redeem(ticket, '/events')).toBe(alice);
    expect(tickets.redeem(ticket, '/events')).toBeUndefined();
  });

  it('are void elsewhere, and from then on', () => {
    const { tickets } = setUp();
    const { ticket } = tickets.issue(alice, '/events');
    expect(tickets.redeem(ticket, '/others')).toBeUndefined();
    expect(tickets.redeem(ticket, '/events')).toBeUndefined();
    expect(tickets.redeem('forged', '/events')).toBeUndefined();
  });

  it('expire', () => {
    const { tickets, time } = setUp({ lifetimeMs: 1_000 });
    const { ticket } = tickets.issue(alice, '/events');
    time.nowMs += 1_000;
    expect(tickets.redeem(ticket, '/events')).toBeUndefined();
  });

  it('are bounded in number: the oldest go', () => {
    const { tickets } = setUp({ maxTickets: 2 });
    const [first, second, third] = [1, 2, 3].map(() => tickets.issue(alice, '/events').ticket);
    expect(tickets.redeem(first ?? '', '/events')).toBeUndefined();
    expect(tickets.redeem(second ?? '', '/events')).toBe(alice);
    expect(tickets.redeem(third ?? '', '/events')).toBe(alice);
  });

  it('refuse bounds that they cannot keep', () => {
    expect(() => setUp({ maxTickets: 0 })).toThrow(/maxTickets/);
  });
});

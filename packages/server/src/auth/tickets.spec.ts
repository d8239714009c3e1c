import { describe, expect, it } from 'vitest';
import { createFakeClock } from '../core/fake-clock.fixture.ts';
import { createIdentity } from './identity.fixture.ts';
import type { TicketOptions } from './tickets.ts';
import { createTickets } from './tickets.ts';

const alice = createIdentity({ key: 'contoso.alice' });
const bob = createIdentity({ key: 'contoso.bob' });

function setUp(options: TicketOptions = {}) {
  const clock = createFakeClock();
  return { clock, tickets: createTickets({ ...options, clock }) };
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

  it('are void at another path, and stay void', () => {
    const { tickets } = setUp();
    const { ticket } = tickets.issue(alice, '/events');
    expect(tickets.redeem(ticket, '/others')).toBeUndefined();
    expect(tickets.redeem(ticket, '/events')).toBeUndefined();
    expect(tickets.redeem('forged', '/events')).toBeUndefined();
  });

  it.each([
    ['/api/v1/events', '/events', true],
    ['/api/v1/events', '/v1/events', true],
    ['/api/v1/events', '/api/v1/events', true],
    ['/api/v1/events', '/', false],
    ['/api/v1/events', '', false],
    ['/api/', '/', false],
    ['/', '/', true],
    ['/a', '/a', true],
    ['/api/v1/events', 'events', false],
    ['/events', '/api/events', false],
    ['/my-events', '/events', false],
    ['/events', '/events/', false],
  ])('for %s received at %s behind a proxy that removes a prefix: accepted is %s', (wanted, received, isAccepted) => {
    const { tickets } = setUp();
    const { ticket } = tickets.issue(alice, wanted);
    expect(tickets.redeem(ticket, received)).toBe(isAccepted ? alice : undefined);
  });

  it('expire after their lifetime, whatever the time of day does', () => {
    const { tickets, clock } = setUp({ lifetimeMs: 1_000 });
    const [first, second] = [tickets.issue(alice, '/a').ticket, tickets.issue(alice, '/a').ticket];
    clock.step(-3_600_000);
    clock.advance(999);
    expect(tickets.redeem(first, '/a')).toBe(alice);
    clock.advance(1);
    expect(tickets.redeem(second, '/a')).toBeUndefined();
  });

  it('never outlive their token, and say so', () => {
    const { tickets, clock } = setUp();
    const shortLived = createIdentity({ expiresAtMs: clock.now() + 10_000 });
    const { ticket, expiresInMs } = tickets.issue(shortLived, '/a');
    expect(expiresInMs).toBe(10_000);
    clock.advance(10_000);
    expect(tickets.redeem(ticket, '/a')).toBeUndefined();
    expect(() => tickets.issue(shortLived, '/a')).toThrow(expect.objectContaining({ code: 'token-expired' }) as Error);
  });

  it('end with the session deadline of their token if it has one', () => {
    const { tickets, clock } = setUp();
    const identity = createIdentity({ expiresAtMs: clock.now() - 1, sessionDeadlineMs: clock.now() + 5_000 });
    expect(tickets.issue(identity, '/a').expiresInMs).toBe(5_000);
  });

  it('are void once their token has ended by the time of day', () => {
    const { tickets, clock } = setUp();
    const { ticket } = tickets.issue(createIdentity({ expiresAtMs: clock.now() + 3_600_000 }), '/a');
    clock.step(3_600_000);
    expect(tickets.redeem(ticket, '/a')).toBeUndefined();
  });

  it('of one user are limited: past the limit that user’s oldest ticket is void, and no other', () => {
    const { tickets } = setUp({ maxTicketsPerUser: 2 });
    const ofBob = tickets.issue(bob, '/events').ticket;
    const [first = '', second = '', third = ''] = [1, 2, 3].map(() => tickets.issue(alice, '/events').ticket);
    expect(tickets.redeem(first, '/events')).toBeUndefined();
    expect([tickets.redeem(second, '/events'), tickets.redeem(third, '/events')]).toEqual([alice, alice]);
    expect(tickets.redeem(ofBob, '/events')).toBe(bob);
  });

  it('in total are limited: past the limit no ticket is issued, and no existing one becomes void', () => {
    const { tickets, clock } = setUp({ maxTickets: 2 });
    const first = tickets.issue(alice, '/events').ticket;
    tickets.issue(alice, '/events');
    const refusal = expect.objectContaining({ code: 'too-many-tickets', retryAfterMs: 30_000 }) as Error;
    expect(() => tickets.issue(bob, '/events')).toThrow(refusal);
    expect(tickets.redeem(first, '/events')).toBe(alice);
    expect(tickets.issue(bob, '/events').ticket).toBeDefined();
    expect(() => tickets.issue(bob, '/events')).toThrow(refusal);
    clock.advance(30_000);
    expect(tickets.issue(bob, '/events').ticket).toBeDefined();
  });

  it('can be given again to a user whose tickets were all used', () => {
    const { tickets } = setUp({ maxTicketsPerUser: 1, maxTickets: 1 });
    for (let count = 0; count < 5; count += 1) {
      const { ticket } = tickets.issue(alice, '/events');
      expect(tickets.redeem(ticket, '/events')).toBe(alice);
    }
  });

  it('of a user whose access was revoked are void, and those of other users are not', () => {
    const { tickets } = setUp();
    const [ofAlice, ofBob] = [tickets.issue(alice, '/events').ticket, tickets.issue(bob, '/events').ticket];
    tickets.revoke(({ key }) => key === alice.key);
    expect(tickets.redeem(ofAlice, '/events')).toBeUndefined();
    expect(tickets.redeem(ofBob, '/events')).toBe(bob);
  });

  it.each(['', 'events', 'https://api.example/events', '/events?a=1', '/events#a', '/x\n?'])(
    'are not given for %j, which is not a path',
    (path) => {
      expect(() => setUp().tickets.issue(alice, path)).toThrow(
        expect.objectContaining({ code: 'invalid-ticket-path' }) as Error,
      );
    },
  );

  it('are not given for a path of more bytes than the limit', () => {
    const { tickets } = setUp({ maxPathBytes: 10 });
    expect(tickets.issue(alice, '/123456789').ticket).toBeDefined();
    for (const path of ['/1234567890', '/éééééé', `/${'x'.repeat(95_000)}`]) {
      expect(() => tickets.issue(alice, path)).toThrow(/at most 10 bytes/);
    }
  });

  it.each(['lifetimeMs', 'maxTickets', 'maxTicketsPerUser', 'maxPathBytes'])('refuse 0 as %s', (option) => {
    expect(() => setUp({ [option]: 0 })).toThrow(option);
  });
});

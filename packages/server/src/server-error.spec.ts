import { describe, expect, it } from 'vitest';
import { isTicketRefusedError, TicketRefusedError } from './auth/ticket-refused-error.ts';
import { isTokenRefusedError, TokenRefusedError } from './auth/token-refused-error.ts';
import {
  ClosedError,
  ConfigurationError,
  EventRefusedError,
  SillageServerError,
  StreamFailure,
} from './core/errors.ts';
import { isServerError } from './server-error.ts';

describe('the errors of this package', () => {
  const cause = new Error('why');
  const errors = [
    new ConfigurationError('x', { cause }),
    new EventRefusedError('invalid-id', 'x', { cause }),
    new ClosedError('hub-closed', 'x', { cause }),
    new TokenRefusedError('token-expired', 'x', { cause }),
    new StreamFailure('busy', 'x', { cause }),
  ];
  const ticketRefused = new TicketRefusedError('too-many-tickets', 'x', 1_000);

  it('have one base, a code, a cause and a name of their own', () => {
    for (const error of errors) {
      expect(error).toBeInstanceOf(SillageServerError);
      expect(error.cause).toBe(cause);
      expect(String(error)).toContain(error.constructor.name);
    }
    expect(errors.map(({ code }) => code)).toEqual([
      'invalid-configuration',
      'invalid-id',
      'hub-closed',
      'token-expired',
      'busy',
    ]);
  });

  it('are recognised by a guard, and distinguished by their name', () => {
    expect([...errors, ticketRefused].every(isServerError)).toBe(true);
    expect([isServerError(cause), isServerError(undefined)]).toEqual([false, false]);
    const error: unknown = errors[1];
    if (isServerError(error) && error.name === 'EventRefusedError') expect(error.code).toBe('invalid-id');
    else expect.unreachable();
  });

  it('of another copy of this package are recognised by the same guards', () => {
    for (const { name, code } of [...errors, ticketRefused]) {
      const copy = Object.assign(new Error('x'), { name, code });
      expect(isServerError(copy)).toBe(true);
      expect(isTokenRefusedError(copy)).toBe(name === 'TokenRefusedError');
      expect(isTicketRefusedError(copy)).toBe(name === 'TicketRefusedError');
      expect(isServerError({ name, code })).toBe(false);
      expect(isServerError(Object.assign(new Error('x'), { name }))).toBe(false);
    }
  });

  it('keep a claim of the caller short', () => {
    expect(new TokenRefusedError('wrong-audience', 'x', { received: 'y'.repeat(5_000) }).received).toHaveLength(200);
  });
});

import { checkBounds } from '../core/index.ts';
import type { Clock } from '../core/index.ts';
import type { Identity } from './identity.ts';

export interface TicketOptions {
  /** How long a ticket can be used, in milliseconds. @default 30_000 */
  readonly lifetimeMs?: number;
  /** How many may be out at a time; past it the oldest are void. @default 10_000 */
  readonly maxTickets?: number;
}

export interface Ticket {
  /** 256 random bits, in base64url. */
  readonly ticket: string;
  readonly expiresInMs: number;
}

/** Tickets that stand for a token in a URL, where no header can be sent (PROTOCOL 2.5). */
export interface Tickets {
  issue(identity: Identity, path: string): Ticket;
  /** Who the ticket was given to; `undefined` where it is unknown, used, expired, or for another path. It is void afterwards. */
  redeem(ticket: string, path: string): Identity | undefined;
}

/**
 * Keeps tickets in the memory of one process: they must be redeemed at the server that gave them out.
 *
 * @throws ConfigurationError for a bound that is no positive whole number.
 */
export function createTickets(options: TicketOptions & { readonly clock: Clock }): Tickets {
  const { lifetimeMs = 30_000, maxTickets = 10_000, clock } = options;
  checkBounds({ lifetimeMs, maxTickets });
  const out = new Map<string, { readonly identity: Identity; readonly path: string; readonly untilMs: number }>();

  return {
    issue(identity, path) {
      const ticket = toBase64Url(crypto.getRandomValues(new Uint8Array(32)));
      out.set(ticket, { identity, path, untilMs: clock.now() + lifetimeMs });
      // All live equally long, so the first is the first to expire.
      for (const [oldest, { untilMs }] of out) {
        if (out.size <= maxTickets && untilMs > clock.now()) break;
        out.delete(oldest);
      }
      return { ticket, expiresInMs: lifetimeMs };
    },
    redeem(ticket, path) {
      const found = out.get(ticket);
      // Whatever comes of it: a ticket that was shown at the wrong door may have been stolen.
      out.delete(ticket);
      return found?.path === path && found.untilMs > clock.now() ? found.identity : undefined;
    },
  };
}

function toBase64Url(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replaceAll('=', '');
}

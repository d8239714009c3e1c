import { checkBounds } from '../core/index.ts';
import type { Clock } from '../core/index.ts';
import { tokenEndMs } from './identity.ts';
import type { Identity } from './identity.ts';
import { TicketRefusedError } from './ticket-refused-error.ts';

export interface TicketOptions {
  /** How long a ticket can be used, in milliseconds; never longer than its token. @default 30_000 */
  readonly lifetimeMs?: number;
  /** How many tickets may be unused at a time, of all users. Past it, no more are given until some expire. @default 10_000 */
  readonly maxTickets?: number;
  /** How many of them may be of one user. Past it, that user's oldest ticket is void. @default 100 */
  readonly maxTicketsPerUser?: number;
  /** The longest path, in UTF-8 bytes. @default 2_048 */
  readonly maxPathBytes?: number;
}

export interface Ticket {
  /** 256 random bits, in base64url. */
  readonly ticket: string;
  readonly expiresInMs: number;
}

/** Tickets that stand for a token in a URL, where no header can be sent (PROTOCOL 2.5). */
export interface Tickets {
  /** @throws TicketRefusedError */
  issue(identity: Identity, path: string): Ticket;
  /**
   * Who the ticket was given to; `undefined` if it is unknown, used, expired, or for another path. It is void afterwards.
   *
   * @param path As the server received it: a proxy may have removed a prefix of the path that the ticket is for.
   */
  redeem(ticket: string, path: string): Identity | undefined;
  /** Voids the tickets of the identities that the predicate picks. */
  revoke(isMeant: (identity: Identity) => boolean): void;
}

interface IssuedTicket {
  readonly identity: Identity;
  readonly path: string;
  /** On the monotonic clock. */
  readonly untilMs: number;
}

const encoder = new TextEncoder();

/**
 * Keeps tickets in the memory of one process: they must be redeemed at the server that gave them.
 *
 * @throws ConfigurationError for a bound that is not a whole number of at least 1.
 */
export function createTickets(options: TicketOptions & { readonly clock: Clock }): Tickets {
  const { lifetimeMs = 30_000, maxTickets = 10_000, maxTicketsPerUser = 100, maxPathBytes = 2_048, clock } = options;
  checkBounds({ lifetimeMs, maxTickets, maxTicketsPerUser, maxPathBytes });
  // Both in the order in which they were given.
  const issued = new Map<string, IssuedTicket>();
  const ofUsers = new Map<string, Set<string>>();

  function remove(ticket: string): IssuedTicket | undefined {
    const found = issued.get(ticket);
    if (found === undefined) return undefined;
    issued.delete(ticket);
    const { key } = found.identity;
    const ofUser = ofUsers.get(key);
    ofUser?.delete(ticket);
    if (ofUser?.size === 0) ofUsers.delete(key);
    return found;
  }

  /** Nearly all live equally long, so that the expired ones are in front; one behind a longer one goes a little later. */
  function removeExpired(): void {
    for (const [ticket, { untilMs }] of issued) {
      if (untilMs > clock.monotonic()) return;
      remove(ticket);
    }
  }

  function makeRoom({ key }: Identity): void {
    removeExpired();
    const ofUser = ofUsers.get(key);
    const [oldest] = ofUser ?? [];
    if (ofUser !== undefined && oldest !== undefined && ofUser.size >= maxTicketsPerUser) remove(oldest);
    if (issued.size < maxTickets) return;
    // Voiding somebody's ticket for somebody else's would let a few users lock all others out.
    throw new TicketRefusedError('too-many-tickets', 'Too many tickets are unused. Ask again later.', lifetimeMs);
  }

  return {
    issue(identity, path) {
      checkPath(path, maxPathBytes);
      const leftMs = Math.min(lifetimeMs, tokenEndMs(identity) - clock.now());
      if (leftMs <= 0) throw new TicketRefusedError('token-expired', 'The token has expired.');
      makeRoom(identity);
      const ticket = toBase64Url(crypto.getRandomValues(new Uint8Array(32)));
      issued.set(ticket, { identity, path, untilMs: clock.monotonic() + leftMs });
      const ofUser = ofUsers.get(identity.key);
      if (ofUser === undefined) ofUsers.set(identity.key, new Set([ticket]));
      else ofUser.add(ticket);
      return { ticket, expiresInMs: Math.floor(leftMs) };
    },
    redeem(ticket, path) {
      // Void whatever comes of it: a ticket that was shown at the wrong path may have been stolen.
      const found = remove(ticket);
      if (found === undefined || found.untilMs <= clock.monotonic()) return undefined;
      // The token may have ended by the time of day: the clock was set forth, or the machine slept.
      if (tokenEndMs(found.identity) <= clock.now()) return undefined;
      return isSamePath(found.path, path) ? found.identity : undefined;
    },
    revoke(isMeant) {
      for (const [ticket, { identity }] of issued) if (isMeant(identity)) remove(ticket);
    },
  };
}

function checkPath(path: string, maxPathBytes: number): void {
  if (!/^\/[^?#]*$/.test(path)) {
    throw new TicketRefusedError(
      'invalid-ticket-path',
      'The path of a ticket must begin with / and have neither a query nor a fragment.',
    );
  }
  if (path.length <= maxPathBytes && encoder.encode(path).byteLength <= maxPathBytes) return;
  throw new TicketRefusedError('invalid-ticket-path', `The path of a ticket may have at most ${maxPathBytes} bytes.`);
}

/** Whether the path that was received is the one that the client asked for, or its end after a prefix that a proxy removed. */
function isSamePath(wanted: string, received: string): boolean {
  return wanted === received || (received.startsWith('/') && received !== '/' && wanted.endsWith(received));
}

function toBase64Url(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replaceAll('=', '');
}

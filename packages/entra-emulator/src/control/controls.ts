import { faultyEndpoints, isAcrs } from '../state/index.ts';
import { ControlError } from './control-error.ts';
import type { User } from '../directory/index.ts';
import type { Fault, LogEntry } from '../state/index.ts';
import { mintToken } from './mint.ts';
import type { MintRequest } from './mint.ts';
import type { Provider } from '../provider.ts';

/** A user, and the user's state. */
export interface UserState extends User {
  readonly state: 'active' | 'revoked';
  /** The authentication contexts that a challenge demands. */
  readonly challenges: readonly string[];
}

/** The operations of a running emulator for tests and demos, in code or over the control API. */
export interface EmulatorControls {
  /**
   * The lifetime of access tokens from now on, in milliseconds: 1000 to 86,400,000. Tokens count in whole seconds.
   * @throws ControlError `invalid-request` for anything else.
   */
  setAccessTokenLifetime(ms: number): void;
  /** A new key signs from now on. The old ones stay published (`keep`, the default), or are removed. Resolves with its `kid`. */
  rotateKeys(oldKeys?: 'keep' | 'forget'): Promise<string>;
  /**
   * Blocks the user and ends their sessions and refresh tokens. Access tokens stay valid until they expire, as at Entra.
   * @throws ControlError `unknown-user`
   */
  revokeUser(username: string): void;
  /** Lets the user sign in again. Sessions and refresh tokens that were ended stay ended. @throws ControlError `unknown-user` */
  restoreUser(username: string): void;
  /**
   * From now on, silent token requests of this user are answered by `interaction_required`, until a sign-in in the same browser
   * satisfies this authentication context (`c1` to `c99`) again.
   * @throws ControlError `unknown-user`, or `invalid-request` for another value of `acrs`.
   */
  challengeUser(username: string, acrs: string): void;
  /** Withdraws all challenges of the user. @throws ControlError `unknown-user` */
  withdrawChallenges(username: string): void;
  /** Makes the next requests to an endpoint fail, wait, or both. @throws ControlError `invalid-request` or `too-many-faults` */
  failNext(fault: Fault): void;
  /** Makes a valid or an invalid access token. @throws ControlError `unknown-user` */
  mintToken(request: MintRequest): Promise<string>;
  users(): readonly UserState[];
  /** The last 500 requests of applications and browsers. It never holds a token, a code or a secret. */
  requestLog(): readonly LogEntry[];
  clearRequestLog(): void;
  /** Back to the start: sessions, codes, revocations, challenges, faults, log, lifetime. Keys and refresh tokens stay. */
  reset(): void;
}

export function createControls(provider: Provider): EmulatorControls {
  const { directory, policies, faults, keys, lifetimes, log, sessions, codes } = provider;
  const initialLifetimeMs = lifetimes.accessTokenMs;
  const find = (username: string): User => {
    const user = directory.userByName(username);
    if (user === undefined) throw ControlError.unknownUser(username, directory);
    return user;
  };

  return {
    setAccessTokenLifetime(ms) {
      if (!isLifetime(ms)) throw new ControlError('invalid-request', `The lifetime is "${ms}": ${lifetimeRule}`);
      lifetimes.accessTokenMs = ms;
    },
    rotateKeys: (oldKeys = 'keep') => keys.rotate(oldKeys),
    revokeUser: (username) => policies.revoke(find(username).oid, provider.now()),
    restoreUser: (username) => policies.restore(find(username).oid),
    challengeUser(username, acrs) {
      if (!isAcrs(acrs))
        throw new ControlError('invalid-request', 'Give "acrs" an authentication context: "c1" to "c99".');
      policies.challenge(find(username).oid, acrs);
    },
    withdrawChallenges: (username) => policies.withdraw(find(username).oid),
    failNext(fault) {
      const problem = faultProblem(fault);
      if (problem !== undefined) throw new ControlError('invalid-request', problem);
      if (faults.add({ ...fault }) === 'added') return;
      throw new ControlError('too-many-faults', 'Too many faults are pending: let requests meet some, or POST /reset.');
    },
    mintToken: (request) => mintToken(provider, request),
    users: () =>
      directory.users.map((user) => ({
        ...user,
        state: policies.isBlocked(user.oid) ? 'revoked' : 'active',
        challenges: policies.challenges(user.oid),
      })),
    requestLog: () => log.entries(),
    clearRequestLog: () => log.reset(),
    reset() {
      sessions.reset();
      codes.reset();
      policies.reset();
      faults.reset();
      log.reset();
      lifetimes.accessTokenMs = initialLifetimeMs;
    },
  };
}

/** The allowed lifetimes, for messages. */
export const lifetimeRule = 'give whole milliseconds from 1000 to 86400000 (a day).';

/** Whether a lifetime is allowed for access tokens. */
export function isLifetime(ms: number): boolean {
  return Number.isInteger(ms) && ms >= 1_000 && ms <= 86_400_000;
}

function faultProblem({ endpoint, status, count, delayMs, retryAfterMs, error, kind }: Fault): string | undefined {
  if (!faultyEndpoints.includes(endpoint)) return `Give "endpoint" one of ${faultyEndpoints.join(', ')}.`;
  if (status !== undefined && !isWithin(status, 400, 599)) return 'Give "status" a number from 400 to 599.';
  if (count !== undefined && !isWithin(count, 1, 1000)) return 'Give "count" a number from 1 to 1000.';
  if (delayMs !== undefined && !isWithin(delayMs, 0, 60_000)) return 'Give "delayMs" milliseconds from 0 to 60000.';
  if (retryAfterMs !== undefined && !isWithin(retryAfterMs, 1, 3_600_000)) {
    return 'Give "retryAfterMs" milliseconds from 1 to 3600000.';
  }
  if (error !== undefined && !/^[a-z_]{1,64}$/.test(error))
    return 'Give "error" an OAuth error such as "server_error".';
  const isEmpty = [status, error, delayMs, kind].every((one) => one === undefined);
  return isEmpty ? 'Give at least one of "status", "error", "delayMs" and "kind": "disconnect".' : undefined;
}

function isWithin(value: number, least: number, most: number): boolean {
  return Number.isInteger(value) && value >= least && value <= most;
}

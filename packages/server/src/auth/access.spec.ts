import { describe, expect, it } from 'vitest';
import { createFakeClock } from '../core/fake-clock.fixture.ts';
import { createMemoryExchange } from '../http/memory-transport.fixture.ts';
import type { Refusal } from '../http/problem.ts';
import { createAccess, expiredMeanwhile, refuseTicket } from './access.ts';
import type { AccessRequirements } from './access.ts';
import type { TokenTransport } from './bearer-token.ts';
import { createIdentity } from './identity.fixture.ts';
import type { Identity } from './identity.ts';
import { TicketRefusedError } from './ticket-refused-error.ts';
import { createTickets } from './tickets.ts';
import { TokenRefusedError } from './token-refused-error.ts';

const USER: Partial<Identity> = { kind: 'user', scopes: ['Read', 'Write'], roles: ['Reader'] };
const APPLICATION: Partial<Identity> = { kind: 'application', scopes: [], roles: ['Read.All'] };

interface AskedFor {
  readonly query?: string;
  readonly target?: 'stream' | 'route';
  readonly headers?: Readonly<Record<string, string>>;
}

function createTestAccess(identity: Partial<Identity> = USER, tokenTransports: TokenTransport[] = ['header']) {
  const tickets = createTickets({ clock: createFakeClock() });
  const access = createAccess({
    verifier: { verify: () => Promise.resolve(createIdentity(identity)), authorizationUri: 'https://login.example' },
    realm: 'api',
    tokenTransports,
    tickets,
  });
  const admit = (requirements: AccessRequirements = {}, options: AskedFor = {}) => {
    const { query = '', target = 'stream', headers = { authorization: 'Bearer x' } } = options;
    return access.admit(createMemoryExchange(headers, 'GET', query).request, requirements, target);
  };
  return { access, tickets, admit };
}

async function outcomeOf(identity: Partial<Identity>, requirements: AccessRequirements): Promise<string> {
  const admission = await createTestAccess(identity).admit(requirements);
  return admission.outcome === 'admitted' ? 'admitted' : admission.refusal.code;
}

describe('requirements', () => {
  it.each<[string, Partial<Identity>, AccessRequirements, boolean]>([
    ['a user, where nothing is required', USER, {}, true],
    ['a user with the scope', USER, { scopes: ['Read'] }, true],
    ['a user with all scopes', USER, { scopes: ['Read', 'Write'] }, true],
    ['a user with some of the scopes', USER, { scopes: ['Read', 'Delete'] }, false],
    ['a user with one of the roles', USER, { roles: ['Admin', 'Reader'] }, true],
    ['a user with none of the roles', USER, { roles: ['Admin'] }, false],
    ['a user with the scope and not the role', USER, { scopes: ['Read'], roles: ['Admin'] }, false],
    ['a user with the role and not the scope', USER, { scopes: ['Delete'], roles: ['Reader'] }, false],
    ['a user with a role of applications', USER, { scopes: ['Delete'], applicationRoles: ['Reader'] }, false],
    [
      'a user with the scope and no role of applications',
      USER,
      { scopes: ['Read'], applicationRoles: ['Read.All'] },
      true,
    ],
    ['an application with its role', APPLICATION, { scopes: ['Read'], applicationRoles: ['Read.All'] }, true],
    ['an application with another role', APPLICATION, { scopes: [], applicationRoles: ['Write.All'] }, false],
    ['an application, where only scopes are required', APPLICATION, { scopes: ['Read'] }, false],
    ['an application, where nothing is required', APPLICATION, {}, true],
    ['an application with a role, where no application is named', APPLICATION, { roles: ['Read.All'] }, true],
  ])('let in %s: %#', async (_who, identity, requirements, isAdmitted) => {
    expect(await outcomeOf(identity, requirements)).toBe(isAdmitted ? 'admitted' : 'insufficient-scope');
  });

  it.each<[AccessRequirements, string | undefined]>([
    [{ scopes: ['A', 'B'] }, 'scope="A B"'],
    [{ roles: ['R'], applicationRoles: ['X'] }, 'scope="R"'],
    [{ scopes: ['A'], roles: ['R'] }, 'scope="A"'],
  ])('that are not met are named (PROTOCOL 7.3): %j', async (requirements, named) => {
    const admission = await createTestAccess({ ...USER, scopes: [], roles: [] }).admit(requirements);
    const refusal = admission.outcome === 'refused' ? admission.refusal : undefined;
    expect(refusal).toMatchObject({ status: 403, code: 'insufficient-scope' });
    expect(refusal?.headers?.['WWW-Authenticate']).toBe(
      `Bearer realm="api", error="insufficient_scope", error_description="The token is valid, but lacks a scope or role.", ${named ?? ''}`,
    );
  });
});

describe('tickets (PROTOCOL 2.5)', () => {
  const withTicket = (query: string, target: 'stream' | 'route' = 'stream') => ({ query, target, headers: {} });

  it('admit to streams', async () => {
    const { tickets, admit } = createTestAccess(USER, ['header', 'ticket']);
    const { ticket } = tickets.issue(createIdentity(USER), '/events');
    expect(await admit({ scopes: ['Read'] }, withTicket(`ticket=${ticket}`))).toMatchObject({ outcome: 'admitted' });
    expect(await admit({}, withTicket(`ticket=${ticket}`))).toMatchObject({
      refusal: { code: 'void-ticket', status: 401 },
    });
  });

  it('admit to no route, and are not spent there', async () => {
    const { tickets, admit } = createTestAccess(USER, ['header', 'ticket']);
    const { ticket } = tickets.issue(createIdentity(USER), '/events');
    expect(await admit({}, withTicket(`ticket=${ticket}`, 'route'))).toMatchObject({ refusal: { code: 'no-token' } });
    expect(await admit({}, withTicket(`ticket=${ticket}`))).toMatchObject({ outcome: 'admitted' });
  });

  it('do not admit beyond the scopes of their token', async () => {
    const { tickets, admit } = createTestAccess(USER, ['header', 'ticket']);
    const { ticket } = tickets.issue(createIdentity(USER), '/events');
    expect(await admit({ scopes: ['Delete'] }, withTicket(`ticket=${ticket}`))).toMatchObject({
      refusal: { code: 'insufficient-scope' },
    });
  });

  it('are refused with what to do', () => {
    const refuse = (code: ConstructorParameters<typeof TicketRefusedError>[0], retryAfterMs?: number): Refusal =>
      refuseTicket(new TicketRefusedError(code, 'Because.', retryAfterMs));
    expect(refuse('too-many-tickets', 30_000)).toMatchObject({ status: 429, headers: { 'Retry-After': '30' } });
    expect(refuse('invalid-ticket-path')).toMatchObject({ status: 400, code: 'no-ticket-path', detail: 'Because.' });
    expect(refuse('token-expired')).toMatchObject({ status: 401, code: 'token-expired' });
  });
});

describe('a token in the query', () => {
  it('is accepted only if it was enabled, and not together with another', async () => {
    const inQuery = { query: 'access_token=x', headers: {} };
    expect(await createTestAccess().admit({}, inQuery)).toMatchObject({ refusal: { code: 'token-in-query' } });
    const { admit } = createTestAccess(USER, ['header', 'query']);
    expect(await admit({}, inQuery)).toMatchObject({ outcome: 'admitted' });
    expect(await admit({}, { query: 'access_token=x' })).toMatchObject({ refusal: { code: 'several-tokens' } });
    expect(await createTestAccess(USER, ['query']).admit({})).toMatchObject({ refusal: { code: 'no-token' } });
  });
});

describe('a verifier', () => {
  const admitWith = (error: Error) =>
    createAccess({
      verifier: { verify: () => Promise.reject(error) },
      realm: 'api',
      tokenTransports: ['header'],
    }).admit(createMemoryExchange({ authorization: 'Bearer x' }).request, {}, 'route');

  it.each([
    [new TokenRefusedError('keys-unavailable', '', { retryAfterMs: 2_500 }), 503, 'keys-unavailable', '3'],
    [new TokenRefusedError('keys-unavailable', ''), 503, 'keys-unavailable', '1'],
    [new TokenRefusedError('no-permissions', ''), 403, 'insufficient-scope', undefined],
    [new TokenRefusedError('wrong-audience', 'Wrong.'), 401, 'wrong-audience', undefined],
    [new Error('broken'), 500, 'internal-error', undefined],
  ])('that throws %s is answered by %i', async (error, status, code, retryAfter) => {
    const admission = await admitWith(error);
    expect(admission).toMatchObject({ outcome: 'refused', cause: error, refusal: { status, code } });
    if (admission.outcome === 'refused') expect(admission.refusal.headers?.['Retry-After']).toBe(retryAfter);
  });
});

describe('a claims challenge (PROTOCOL 7.4)', () => {
  const challenge = { kind: 'claims-challenge', claims: { access_token: { acrs: { value: 'c1' } } } } as const;

  it('goes to clients that can answer one, with where to sign in', () => {
    const { access } = createTestAccess();
    expect(access.challenge(createIdentity({ supportsClaimsChallenge: false }), challenge).status).toBe(403);
    const refusal = access.challenge(createIdentity({ supportsClaimsChallenge: true }), challenge);
    expect([refusal.status, refusal.code]).toEqual([401, 'insufficient-claims']);
    const claims = btoa(JSON.stringify(challenge.claims));
    expect(refusal.headers?.['WWW-Authenticate']).toBe(
      `Bearer realm="api", authorization_uri="https://login.example", error="insufficient_claims", claims="${claims}"`,
    );
  });

  it('is not what an expired token gets', () => {
    expect(expiredMeanwhile('api')).toMatchObject({
      status: 401,
      code: 'token-expired',
      headers: {
        'WWW-Authenticate': 'Bearer realm="api", error="invalid_token", error_description="The token has expired."',
      },
    });
  });
});

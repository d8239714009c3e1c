import { createHash, randomBytes } from 'node:crypto';
import { decodeJwt } from 'jose';
import type { JWTPayload } from 'jose';
import type { EntraEmulator, User } from '../index.ts';
import { ALICE, CONTOSO, SAMPLE_SCOPE, SAMPLE_SPA } from '../index.ts';

export const redirectUri = 'http://localhost:4200/auth';
const verifier = 'v'.repeat(20) + '-._~'.repeat(10);
const challenge = createHash('sha256').update(verifier).digest('base64url');

export interface TokenAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Record<string, string> & { error_codes: number[] };
}

/** A browser, as far as sign-in needs one: it keeps one cookie, presses buttons, and follows no redirect by itself. */
export class TestBrowser {
  readonly emulator: EntraEmulator;
  cookie = '';
  #form: { action: string; request: string } | undefined;

  constructor(emulator: EntraEmulator) {
    this.emulator = emulator;
  }

  /** Opens the authorize endpoint. Parameters with the value `undefined` are left out. */
  async authorize(changes: Record<string, string | undefined> = {}, tenant: string = CONTOSO.tenantId): Promise<Visit> {
    const params = new URLSearchParams();
    const all: Record<string, string | undefined> = {
      client_id: SAMPLE_SPA.clientId,
      redirect_uri: redirectUri,
      response_type: 'code',
      response_mode: 'fragment',
      scope: `openid profile offline_access ${SAMPLE_SCOPE}`,
      state: 'state|with=signs',
      nonce: 'nonce-1',
      code_challenge: challenge,
      code_challenge_method: 'S256',
      client_info: '1',
      ...changes,
    };
    for (const [name, value] of Object.entries(all)) if (value !== undefined) params.set(name, value);
    return this.visit(`${this.emulator.origin}/${tenant}/oauth2/v2.0/authorize?${params.toString()}`);
  }

  /** Presses a button of the page that is open. */
  async press(choice: string, headers: Record<string, string> = { Origin: this.emulator.origin }): Promise<Visit> {
    if (this.#form === undefined) throw new Error('No form is open.');
    return this.visit(`${this.emulator.origin}${this.#form.action}`, {
      method: 'POST',
      body: new URLSearchParams({ choice, request: this.#form.request }),
      headers,
    });
  }

  async visit(url: string, init: RequestInit = {}): Promise<Visit> {
    const headers = new Headers(init.headers);
    if (this.cookie !== '') headers.set('Cookie', this.cookie);
    const response = await fetch(url, { ...init, headers, redirect: 'manual' });
    const cookie = response.headers.get('set-cookie');
    if (cookie !== null) this.cookie = cookie.includes('Max-Age=0') ? '' : (cookie.split(';')[0] ?? '');
    const text = await response.text();
    const action = /<form method="post" action="([^"]*)"/.exec(text)?.[1];
    const request = /name="request"\s+value="([^"]*)"/.exec(text)?.[1];
    if (action !== undefined && request !== undefined) this.#form = { action, request: unescapeHtml(request) };
    return readVisit(response, text);
  }

  /** Signs in through the account picker, and answers the code. */
  async signIn(user: User = ALICE, changes: Record<string, string | undefined> = {}, tenant?: string): Promise<string> {
    await this.authorize({ prompt: 'select_account', ...changes }, tenant);
    const { params } = await this.press(`pick:${user.oid}`);
    return params.get('code') ?? '';
  }
}

export interface Visit {
  readonly response: Response;
  readonly text: string;
  readonly location: string | null;
  /** The parameters of the redirect, wherever they are. */
  readonly params: URLSearchParams;
}

function readVisit(response: Response, text: string): Visit {
  const location = response.headers.get('location');
  const url = location === null ? undefined : new URL(location, 'http://localhost');
  const params = new URLSearchParams(url === undefined ? '' : url.hash === '' ? url.search : url.hash.slice(1));
  return { response, text, location, params };
}

/** Posts to the token endpoint. Parameters with the value `undefined` are left out. */
export async function postToken(
  emulator: EntraEmulator,
  changes: Record<string, string | undefined>,
  { tenant = CONTOSO.tenantId, headers = {} }: { tenant?: string; headers?: Record<string, string> } = {},
): Promise<TokenAnswer> {
  const body = new URLSearchParams();
  const all: Record<string, string | undefined> = { client_id: SAMPLE_SPA.clientId, ...changes };
  for (const [name, value] of Object.entries(all)) if (value !== undefined) body.set(name, value);
  const url = `${emulator.origin}/${tenant}/oauth2/v2.0/token`;
  const response = await fetch(url, { method: 'POST', body, headers });
  return { status: response.status, headers: response.headers, body: (await response.json()) as TokenAnswer['body'] };
}

export function redeem(
  emulator: EntraEmulator,
  code: string,
  changes: Record<string, string | undefined> = {},
  options: { tenant?: string; headers?: Record<string, string> } = {},
): Promise<TokenAnswer> {
  return postToken(
    emulator,
    { grant_type: 'authorization_code', code, redirect_uri: redirectUri, code_verifier: verifier, ...changes },
    options,
  );
}

export function refresh(
  emulator: EntraEmulator,
  refreshToken: string | undefined,
  changes: Record<string, string | undefined> = {},
): Promise<TokenAnswer> {
  return postToken(emulator, { grant_type: 'refresh_token', refresh_token: refreshToken, ...changes });
}

/** The claims of a token, unverified. */
export function claimsOf(token: string | undefined): JWTPayload & Record<string, unknown> {
  return decodeJwt(token ?? '');
}

export function unknownCode(): string {
  return `1.${randomBytes(48).toString('base64url')}`;
}

function unescapeHtml(text: string): string {
  const entities: Record<string, string> = { '&amp;': '&', '&lt;': '<', '&gt;': '>', '&quot;': '"', '&#39;': "'" };
  return text.replace(/&(amp|lt|gt|quot|#39);/g, (entity) => entities[entity] ?? entity);
}

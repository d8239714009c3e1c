import { parseClaimsRequest } from '../state/index.ts';
import type { ClaimsRequest } from '../state/index.ts';
import type { SpaApplication } from '../directory/index.ts';
import { EntraError, missingParameter } from '../entra-error.ts';
import { isGuid } from '../guid.ts';
import type { Provider } from '../provider.ts';
import { printable, registeredRedirect, resolveScopes } from '../directory/index.ts';

/** Where an answer to an authorize request may go: established before anything else is believed. */
export interface ReturnAddress {
  readonly client: SpaApplication;
  readonly redirect: URL;
  /** The parameter as it was sent. */
  readonly redirectUri: string;
  readonly responseMode: 'fragment' | 'query';
  readonly state: string | undefined;
  readonly correlationId: string | undefined;
}

type Prompt = 'none' | 'login' | 'select_account' | 'consent';

/** An authorize request that can be answered. */
export interface AuthorizeRequest {
  readonly address: ReturnAddress;
  readonly scope: string;
  readonly prompt: Prompt | undefined;
  readonly loginHint: string | undefined;
  readonly sid: string | undefined;
  readonly nonce: string | undefined;
  readonly codeChallenge: string;
  readonly claims: ClaimsRequest;
  /** Whether `client_info=1` was sent: MSAL reads the account's name from the answer. */
  readonly wantsClientInfo: boolean;
}

/**
 * @throws EntraError AADSTS700016 for an unknown client and 50011 for a redirect URI that it has not registered. Show it
 *   on a page: there is nowhere to redirect to.
 */
export function parseReturnAddress(params: URLSearchParams, provider: Provider): ReturnAddress {
  for (const name of new Set(params.keys())) {
    // RFC 6749, 3.1: a parameter must not be there twice. Readers that take the first and the last would disagree.
    if (params.getAll(name).length > 1) {
      throw new EntraError(
        9000411,
        'invalid_request',
        `The request has the parameter '${printable(name)}' more than once.`,
      );
    }
  }
  const clientId = required(params, 'client_id');
  const client = provider.directory.spa(clientId);
  if (client === undefined) {
    throw new EntraError(
      700016,
      'unauthorized_client',
      `Application with identifier '${printable(clientId)}' was not found in the directory as a single-page application.`,
    );
  }
  const redirectUri = required(params, 'redirect_uri');
  const redirect = registeredRedirect(redirectUri, client, provider.redirectOrigins);
  if (redirect === undefined) {
    throw new EntraError(
      50011,
      'invalid_request',
      `The redirect URI '${printable(redirectUri)}' specified in the request does not match the redirect URIs configured for the application '${client.clientId}'.`,
    );
  }
  const correlationId = params.get('client-request-id') ?? '';
  return {
    client,
    redirect,
    redirectUri,
    responseMode: params.get('response_mode') === 'fragment' ? 'fragment' : 'query',
    state: params.get('state') ?? undefined,
    correlationId: isGuid(correlationId) ? correlationId : undefined,
  };
}

/** @throws EntraError what to tell the client, at its return address. */
export function parseAuthorizeRequest(
  params: URLSearchParams,
  address: ReturnAddress,
  provider: Provider,
): AuthorizeRequest {
  const responseType = required(params, 'response_type');
  if (responseType !== 'code') {
    throw new EntraError(
      700054,
      'unsupported_response_type',
      `response_type '${printable(responseType)}' is not enabled for the application. Use 'code' with PKCE.`,
    );
  }
  const responseMode = params.get('response_mode') ?? 'query';
  if (responseMode !== 'fragment' && responseMode !== 'query') {
    throw new EntraError(
      90023,
      'invalid_request',
      `The response_mode '${printable(responseMode)}' is not supported by this emulator. Use 'fragment' or 'query'.`,
    );
  }
  const codeChallenge = params.get('code_challenge');
  if (codeChallenge === null || params.get('code_challenge_method') !== 'S256') {
    throw new EntraError(
      9002325,
      'invalid_request',
      "Proof Key for Code Exchange is required for cross-origin authorization code redemption. Send code_challenge with code_challenge_method 'S256'.",
    );
  }
  // SHA-256 in base64url without padding has 43 characters (RFC 7636, 4.2).
  if (!/^[\w-]{43}$/.test(codeChallenge)) {
    throw new EntraError(501491, 'invalid_request', 'Invalid size or characters of the code_challenge parameter.');
  }
  const scope = required(params, 'scope');
  // Only for its refusals: the grant keeps the text, and the token endpoint resolves it again.
  resolveScopes(scope, provider.directory);
  return {
    address,
    scope,
    prompt: parsePrompt(params.get('prompt')),
    loginHint: params.get('login_hint') ?? undefined,
    sid: params.get('sid') ?? undefined,
    nonce: params.get('nonce') ?? undefined,
    codeChallenge,
    claims: parseClaimsRequest(params.get('claims') ?? undefined),
    wantsClientInfo: params.get('client_info') === '1',
  };
}

function parsePrompt(prompt: string | null): Prompt | undefined {
  if (prompt === null || prompt === '') return undefined;
  if (prompt === 'none' || prompt === 'login' || prompt === 'select_account' || prompt === 'consent') return prompt;
  throw new EntraError(90023, 'invalid_request', `Unsupported 'prompt' value '${printable(prompt)}'.`);
}

function required(params: URLSearchParams, name: string): string {
  const value = params.get(name);
  if (value === null || value === '') throw missingParameter(name);
  return value;
}

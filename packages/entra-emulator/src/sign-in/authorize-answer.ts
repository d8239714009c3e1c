import type { ServerResponse } from 'node:http';
import type { AuthorizeRequest, ReturnAddress } from './authorize-request.ts';
import type { User } from '../directory/index.ts';
import { entraErrorBody } from '../entra-error.ts';
import type { EntraError } from '../entra-error.ts';
import { sendRedirect } from '../http/index.ts';
import type { Provider } from '../provider.ts';
import type { SignedInAccount } from '../state/index.ts';
import { clientInfo } from '../directory/index.ts';

/** Redirects back with a new code. */
export function answerWithCode(
  response: ServerResponse,
  provider: Provider,
  answer: { request: AuthorizeRequest; user: User; account: SignedInAccount; status: 302 | 303 },
): void {
  const { request, user, account, status } = answer;
  const { address, claims, codeChallenge, nonce, scope, wantsClientInfo } = request;
  const { oid, sid, acrs, place, signedInAt } = account;
  const code = provider.codes.issue(
    {
      grant: { oid, clientId: address.client.clientId, sid, acrs, place, signedInAt, scope },
      redirectUri: address.redirectUri,
      codeChallenge,
      nonce,
      capabilities: claims.capabilities,
    },
    provider.now(),
  );
  const params = new URLSearchParams({ code });
  if (wantsClientInfo) params.set('client_info', clientInfo(user));
  params.set('session_state', sid);
  sendRedirect(response, status, location(address, params));
}

/** Redirects back with a refusal, in Entra's shape. */
export function answerWithError(
  response: ServerResponse,
  provider: Provider,
  answer: { address: ReturnAddress; refusal: EntraError; status: 302 | 303 },
): void {
  const { address, refusal, status } = answer;
  const body = entraErrorBody(refusal, { ...provider, now: provider.now(), correlationId: address.correlationId });
  const params = new URLSearchParams();
  for (const [name, value] of Object.entries(body)) params.set(name, String(value));
  sendRedirect(response, status, location(address, params));
}

function location({ redirect, responseMode, state }: ReturnAddress, params: URLSearchParams): string {
  if (state !== undefined) params.set('state', state);
  if (responseMode === 'fragment') return `${redirect.href}#${params.toString()}`;
  const url = new URL(redirect);
  for (const [name, value] of params) url.searchParams.append(name, value);
  return url.href;
}

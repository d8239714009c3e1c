import type { SpaApplication } from '../directory/index.ts';
import type { Exchange } from '../exchange.ts';
import { readCookie, sendRedirect } from '../http/index.ts';
import { messagePage, sendPage } from './pages.ts';
import { inScope } from '../provider.ts';
import { oidOfLoginHint, registeredRedirect } from '../directory/index.ts';

/**
 * `GET /{tenant}/oauth2/v2.0/logout`: signs the browser out, whole, or only the user of `logout_hint`. Refresh tokens stay
 * valid, as at Entra. Redirects only to a redirect URI of a registered application.
 */
export function handleLogout(exchange: Exchange, params: URLSearchParams): void {
  const { request, response, provider, scope, log } = exchange;
  const session = provider.sessions.find(readCookie(request, provider.sessionCookie));
  const hint = params.get('logout_hint');
  const oid = hint === null ? undefined : (oidOfLoginHint(hint) ?? provider.directory.userByName(hint)?.oid);
  if (session !== undefined) {
    for (const account of session.accounts()) {
      const user = provider.directory.user(account.oid);
      const isMeant = oid === undefined ? user !== undefined && inScope(scope, user.tenantId) : account.oid === oid;
      if (isMeant) session.signOut(account.oid);
    }
    if (session.accounts().length === 0) {
      provider.sessions.remove(session.id);
      response.setHeader('Set-Cookie', `${provider.sessionCookie}=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax`);
    }
  }

  const target = params.get('post_logout_redirect_uri');
  const clientId = params.get('client_id');
  const { spas } = provider.directory;
  const candidates = clientId === null ? spas : spas.filter((one) => one.clientId === clientId);
  const url = target === null ? undefined : firstRegistered(target, candidates, provider.redirectOrigins);
  if (url === undefined) {
    log.outcome = 'page:signed-out';
    const remark = target === null ? '' : ' The address to return to is not registered, so this page stays.';
    sendPage(response, 200, messagePage('You are signed out', `You may close this window.${remark}`));
    return;
  }
  const state = params.get('state');
  if (state !== null) url.searchParams.set('state', state);
  log.outcome = 'redirect';
  sendRedirect(response, 302, url.href);
}

function firstRegistered(
  target: string,
  candidates: readonly SpaApplication[],
  origins: readonly string[],
): URL | undefined {
  for (const application of candidates) {
    const url = registeredRedirect(target, application, origins);
    if (url !== undefined) return url;
  }
  return undefined;
}

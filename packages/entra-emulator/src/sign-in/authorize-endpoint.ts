import type { ServerResponse } from 'node:http';
import { answerWithCode, answerWithError } from './authorize-answer.ts';
import { parseAuthorizeRequest, parseReturnAddress } from './authorize-request.ts';
import type { AuthorizeRequest } from './authorize-request.ts';
import { EntraError, isEntraError } from '../entra-error.ts';
import type { Exchange } from '../exchange.ts';
import type { Provider } from '../provider.ts';
import type { Fault, Session } from '../state/index.ts';
import { isFromAnotherOrigin, readCookie, readForm } from '../http/index.ts';
import { accountPickerPage, consentPage, messagePage, sendPage, stepUpPage } from './pages.ts';
import { advanceSignIn, beginSignIn } from './sign-in.ts';
import type { Choice, SignInStep } from './sign-in.ts';

/**
 * A parameter of the authorize request that only the emulator knows: the user who is signed in without a page, for demos. Entra ID ignores it. A second
 * factor that is demanded is asked for all the same.
 */
const emulatorUser = 'emulator_user';

/** `GET /{tenant}/oauth2/v2.0/authorize` */
export function handleAuthorize(exchange: Exchange, query: string, fault: Fault | undefined): void {
  const { request, response, provider, scope } = exchange;
  const session = provider.sessions.find(readCookie(request, provider.sessionCookie));
  const chosen = provider.directory.userByName(new URLSearchParams(query).get(emulatorUser) ?? '');
  answer(exchange, query, 302, (parsed) => {
    if (fault?.error !== undefined)
      throw new EntraError(90033, fault.error, 'A transient error has occurred. Please try again.');
    if (chosen === undefined || parsed.prompt === 'none') {
      return beginSignIn({ provider, scope, request: parsed, session });
    }
    const kept = session ?? provider.sessions.create();
    keepSession(response, provider, kept);
    return advanceSignIn({ provider, scope, request: parsed, session: kept }, { kind: 'pick', oid: chosen.oid });
  });
}

/** `POST /{tenant}/login`: the forms of the pages. They bring the authorize request along; it is checked as if it were new. */
export async function handleLogin(exchange: Exchange): Promise<void> {
  const { request, response, provider, scope, log } = exchange;
  if (isFromAnotherOrigin(request)) {
    log.outcome = 'page:error';
    const page = messagePage(
      'Not from here',
      'This form was sent by a page of another origin. Begin at the application.',
    );
    sendPage(response, 403, page);
    return;
  }
  const form = await readForm(request);
  const choice = parseChoice(form.get('choice') ?? '');
  const session = provider.sessions.find(readCookie(request, provider.sessionCookie)) ?? provider.sessions.create();
  keepSession(response, provider, session);
  answer(exchange, form.get('request') ?? '', 303, (parsed) => {
    if (choice === undefined) throw new EntraError(900144, 'invalid_request', 'The form has no choice.');
    return advanceSignIn({ provider, scope, request: parsed, session }, choice);
  });
}

function keepSession(response: ServerResponse, provider: Provider, { id }: Session): void {
  // Lax is enough for MSAL's hidden iframe: ports do not matter to what counts as the same site.
  response.setHeader('Set-Cookie', `${provider.sessionCookie}=${id}; Path=/; HttpOnly; SameSite=Lax`);
}

function answer(
  exchange: Exchange,
  query: string,
  status: 302 | 303,
  next: (parsed: AuthorizeRequest) => SignInStep,
): void {
  const { response, provider, log } = exchange;
  const params = new URLSearchParams(query);
  let address;
  try {
    address = parseReturnAddress(params, provider);
  } catch (error) {
    if (!isEntraError(error)) throw error;
    Object.assign(log, { outcome: 'page:error', code: error.code });
    sendPage(response, 400, messagePage('Sign-in cannot begin', error.message));
    return;
  }
  log.clientId = address.client.clientId;
  try {
    const parsed = parseAuthorizeRequest(params, address, provider);
    if (parsed.prompt !== undefined) log.prompt = parsed.prompt;
    const step = next(parsed);
    if (step.kind !== 'code') {
      showStep(exchange, query, parsed, step);
      return;
    }
    Object.assign(log, { outcome: 'code', username: step.user.username });
    answerWithCode(response, provider, { request: parsed, user: step.user, account: step.account, status });
  } catch (error) {
    if (!isEntraError(error)) throw error;
    Object.assign(log, { outcome: `error:${error.error}`, code: error.code });
    answerWithError(response, provider, { address, refusal: error, status });
  }
}

function showStep(
  { response, scope, log }: Exchange,
  request: string,
  parsed: AuthorizeRequest,
  step: Exclude<SignInStep, { kind: 'code' }>,
): void {
  const form = { client: parsed.address.client, action: `/${scope.segment}/login`, request };
  log.outcome = `page:${step.kind}`;
  if (step.kind === 'account-picker') {
    const { users, hinted, notice } = step;
    sendPage(response, 200, accountPickerPage(form, { users, hinted, notice, tenant: scope.tenant }));
    return;
  }
  log.username = step.user.username;
  if (step.kind === 'step-up') {
    sendPage(response, 200, stepUpPage(form, step));
    return;
  }
  sendPage(response, 200, consentPage(form, { user: step.user, scope: parsed.scope }));
}

function parseChoice(text: string): Choice | undefined {
  if (text === 'cancel') return { kind: 'cancel' };
  const [kind, oid = ''] = text.split(':', 2);
  return kind === 'pick' || kind === 'confirm' || kind === 'accept' ? { kind, oid } : undefined;
}

import type { AuthorizeRequest } from './authorize-request.ts';
import { acrsClaims } from '../state/index.ts';
import type { User } from '../directory/index.ts';
import { EntraError } from '../entra-error.ts';
import { inScope } from '../provider.ts';
import type { Provider, TenantScope } from '../provider.ts';
import type { Session, SignedInAccount } from '../state/index.ts';
import { oidOfLoginHint } from '../directory/index.ts';

/** How an authorize request is answered: with a code, a page, or (thrown) an error. */
export type SignInStep =
  | { readonly kind: 'code'; readonly user: User; readonly account: SignedInAccount }
  | {
      readonly kind: 'account-picker';
      readonly users: readonly User[];
      readonly hinted: User | undefined;
      readonly notice?: string;
    }
  | { readonly kind: 'step-up'; readonly user: User; readonly acrs: readonly string[] }
  | { readonly kind: 'consent'; readonly user: User };

/** What the user did on the page. */
export type Choice =
  { readonly kind: 'pick' | 'confirm' | 'accept'; readonly oid: string } | { readonly kind: 'cancel' };

interface SignInContext {
  readonly provider: Provider;
  readonly scope: TenantScope;
  readonly request: AuthorizeRequest;
  readonly session: Session | undefined;
}

/** The first step: what the session alone allows. @throws EntraError where `prompt=none` cannot be granted. */
export function beginSignIn(context: SignInContext): SignInStep {
  const { request, provider } = context;
  const { prompt } = request;
  const signedIn = usableAccounts(context);
  const hinted = hintedUser(context, signedIn);
  const hasHint = request.loginHint !== undefined || request.sid !== undefined;
  const [first, second] = hasHint ? signedIn.filter(({ user }) => user === hinted) : signedIn;

  if (prompt === 'none') {
    if (first === undefined) throw noSession();
    if (second !== undefined) throw severalAccounts();
    const unmet = provider.policies.unmet(first.user.oid, request.claims, first.account.acrs);
    if (unmet[0] !== undefined) throw stepUpRequired(unmet[0]);
    return { kind: 'code', ...first };
  }
  if (prompt === 'login' || prompt === 'select_account' || first === undefined || second !== undefined) {
    return accountPicker(context, hinted);
  }
  return continueSignIn(context, first, prompt === 'consent');
}

/** A later step: what the user chose on a page. @throws EntraError AADSTS65004 for "Cancel". */
export function advanceSignIn(
  context: Omit<SignInContext, 'session'> & { session: Session },
  choice: Choice,
): SignInStep {
  const { provider, session, scope, request } = context;
  const { directory, policies } = provider;
  if (choice.kind === 'cancel') {
    throw new EntraError(65004, 'access_denied', 'User declined to consent to access the app.');
  }
  const user = directory.user(choice.oid);
  if (user === undefined || !inScope(scope, user.tenantId)) return accountPicker(context, undefined);
  if (policies.isBlocked(user.oid)) {
    return { ...accountPicker(context, user), notice: `AADSTS50057: The account of ${user.displayName} is disabled.` };
  }
  if (choice.kind === 'pick') {
    const account = session.signIn(user.oid, policies.nextPlace(), provider.now());
    return continueSignIn(context, { user, account }, request.prompt === 'consent');
  }
  const account = usableAccounts(context).find((one) => one.user === user)?.account;
  // The session ended while the page was open: begin again.
  if (account === undefined) return accountPicker(context, user);
  if (choice.kind === 'accept') return continueSignIn(context, { user, account }, false);
  const satisfied = policies.unmet(user.oid, request.claims, account.acrs).map((anyOf) => anyOf[0] ?? '');
  const steppedUp = session.stepUp(user.oid, satisfied, policies.nextPlace());
  return continueSignIn(context, { user, account: steppedUp }, request.prompt === 'consent');
}

/** Entra's answer to a silent request that needs a step-up. The claims say what to ask for interactively. */
export function stepUpRequired(acrs: readonly string[]): EntraError {
  return new EntraError(
    50076,
    'interaction_required',
    'Due to a configuration change made by your administrator, or because you moved to a new location, you must use multi-factor authentication to access the resource.',
    { suberror: 'basic_action', claims: acrsClaims(acrs) },
  );
}

function continueSignIn(
  { provider, request }: SignInContext,
  { user, account }: { user: User; account: SignedInAccount },
  asksConsent: boolean,
): SignInStep {
  const unmet = provider.policies.unmet(user.oid, request.claims, account.acrs);
  if (unmet.length > 0) return { kind: 'step-up', user, acrs: unmet.map((anyOf) => anyOf[0] ?? '') };
  return asksConsent ? { kind: 'consent', user } : { kind: 'code', user, account };
}

function accountPicker(
  { provider, scope }: SignInContext,
  hinted: User | undefined,
): SignInStep & { kind: 'account-picker' } {
  const users = provider.directory.users.filter(({ tenantId }) => inScope(scope, tenantId));
  return { kind: 'account-picker', users, hinted };
}

/** The session's accounts that may be used here: of the tenant, and not ended by a revocation since. */
function usableAccounts({ provider, scope, session }: SignInContext): { user: User; account: SignedInAccount }[] {
  const { directory, policies } = provider;
  return (session?.accounts() ?? []).flatMap((account) => {
    const user = directory.user(account.oid);
    if (user === undefined || !inScope(scope, user.tenantId)) return [];
    // A blocked user has no account either: blocking ends what there was, and nobody signs in while blocked.
    if (policies.endedAt(user.oid, account.place) !== undefined) return [];
    return [{ user, account }];
  });
}

function hintedUser(
  { provider, request, scope }: SignInContext,
  signedIn: readonly { user: User; account: SignedInAccount }[],
): User | undefined {
  const { sid, loginHint } = request;
  const bySid = signedIn.find(({ account }) => account.sid === sid)?.user;
  if (bySid !== undefined || loginHint === undefined) return bySid;
  const oid = oidOfLoginHint(loginHint);
  const user = oid === undefined ? provider.directory.userByName(loginHint) : provider.directory.user(oid);
  return user !== undefined && inScope(scope, user.tenantId) ? user : undefined;
}

function noSession(): EntraError {
  return new EntraError(
    50058,
    'login_required',
    "A silent sign-in request was sent but no user is signed in. The cookies used to represent the user's session were not sent in the request or do not stand for a session.",
  );
}

function severalAccounts(): EntraError {
  return new EntraError(
    16000,
    'interaction_required',
    'Either multiple user identities are available for the current request or selected account is not supported for the scenario.',
  );
}

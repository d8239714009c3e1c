import type { User } from './directory.ts';

/** MSAL's name for an account: base64url of `{"uid": <oid>, "utid": <tid>}`. */
export function clientInfo({ oid, tenantId }: User): string {
  return Buffer.from(JSON.stringify({ uid: oid, utid: tenantId })).toString('base64url');
}

/** The opaque hint that stands for a user in `login_hint` and `logout_hint`; MSAL takes it from the ID token. */
export function loginHint({ oid }: User): string {
  return `O.${Buffer.from(oid).toString('base64url')}`;
}

/** The user's ID in an opaque hint, or `undefined`. */
export function oidOfLoginHint(hint: string): string | undefined {
  return hint.startsWith('O.') ? Buffer.from(hint.slice(2), 'base64url').toString() : undefined;
}

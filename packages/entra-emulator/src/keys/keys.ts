import { exportJWK, exportSPKI, generateKeyPair } from 'jose';
import type { CryptoKey, JWK } from 'jose';
import { consumersTenantId, tenantTemplate, v2Issuer } from './issuers.ts';

/** Keys that no longer sign but are still published. Past this bound the oldest is forgotten. */
const maxRetiredKeys = 8;

/** One RSA key pair. */
export interface SigningKey {
  readonly kid: string;
  readonly privateKey: CryptoKey;
  /** The public half in PEM (SPKI): the "secret" of the HS256 confusion attack. */
  readonly publicPem: string;
  /** The public half as Entra publishes it: `kty`, `use`, `kid`, `n`, `e`, and no `alg`. */
  readonly jwk: JWK;
}

/** A published key, with Microsoft's `issuer` property: whose tokens the key may sign. */
type PublishedKey = JWK & { readonly issuer: string };

export interface SigningKeys {
  readonly current: SigningKey;
  /** Published, but for tokens of another issuer (personal accounts): a token of an organisation that it signs must be refused. */
  readonly foreign: SigningKey;
  /** Never published. Made at first use, because a key pair takes some 100 ms. */
  unknown(): Promise<SigningKey>;
  /** A new key signs. The old ones stay published, or are forgotten. Answers the new `kid`. */
  rotate(oldKeys: 'keep' | 'forget'): Promise<string>;
  /** The key set of a tenant; of `common` and `organizations` when `tenantId` is `undefined`. */
  published(origin: string, tenantId: string | undefined): { readonly keys: readonly PublishedKey[] };
}

/** Makes two key pairs: the current one and the foreign one. */
export async function createSigningKeys(randomBytes: (count: number) => Uint8Array): Promise<SigningKeys> {
  let [current, foreign] = await Promise.all([createSigningKey(randomBytes), createSigningKey(randomBytes)]);
  let retired: SigningKey[] = [];
  let unknown: Promise<SigningKey> | undefined;

  return {
    get current() {
      return current;
    },
    get foreign() {
      return foreign;
    },
    unknown: () => (unknown ??= createSigningKey(randomBytes)),
    async rotate(oldKeys) {
      const next = await createSigningKey(randomBytes);
      retired = oldKeys === 'forget' ? [] : [current, ...retired].slice(0, maxRetiredKeys);
      current = next;
      // The foreign key goes too: "forget" means that nothing signed before is verifiable after.
      if (oldKeys === 'forget') foreign = await createSigningKey(randomBytes);
      return current.kid;
    },
    published(origin, tenantId) {
      const issuer = v2Issuer(origin, tenantId ?? tenantTemplate);
      return {
        keys: [
          ...[current, ...retired].map(({ jwk }) => ({ ...jwk, issuer })),
          { ...foreign.jwk, issuer: v2Issuer(origin, consumersTenantId) },
        ],
      };
    },
  };
}

async function createSigningKey(randomBytes: (count: number) => Uint8Array): Promise<SigningKey> {
  const { privateKey, publicKey } = await generateKeyPair('RS256', { modulusLength: 2048, extractable: true });
  const { kty, n, e } = await exportJWK(publicKey);
  const kid = Buffer.from(randomBytes(20)).toString('base64url');
  if (kty === undefined || n === undefined || e === undefined) throw new Error('jose exported no RSA key.');
  return { kid, privateKey, publicPem: await exportSPKI(publicKey), jwk: { kty, use: 'sig', kid, n, e } };
}

import type { WebConfig } from 'demo-contract';
import type { ServerConfig } from './config.ts';

/** Where people sign in. */
export const identityOrigin = ({ emulatorOrigin }: ServerConfig): string =>
  emulatorOrigin === null ? 'https://login.microsoftonline.com' : emulatorOrigin.origin;

/** What MSAL needs to know of an identity provider that it cannot ask itself. */
const metadataFields = [
  'issuer',
  'authorization_endpoint',
  'token_endpoint',
  'end_session_endpoint',
  'jwks_uri',
] as const;

/**
 * Makes `config.json`. The emulator's metadata is asked for when it is first needed, so that the two may start in any order; an answer is
 * kept, a failure is not.
 */
export function createWebConfigSource(config: ServerConfig): () => Promise<WebConfig> {
  const { apiUrl, apiClientId, spaClientId, tenantId, emulatorOrigin } = config;
  const shared = { apiUrl: apiUrl.href.replace(/\/$/, ''), scopes: [`api://${apiClientId}/Stream.Access`] };
  if (emulatorOrigin === null) {
    const auth = { clientId: spaClientId, authority: `${identityOrigin(config)}/${tenantId}` };
    return () => Promise.resolve({ ...shared, identityProvider: 'entra', auth });
  }

  let known: string | null = null;
  return async () => {
    known ??= await emulatorMetadata(emulatorOrigin, tenantId);
    return {
      ...shared,
      identityProvider: 'emulator',
      auth: {
        clientId: spaClientId,
        // MSAL insists on https here, and contacts only the endpoints of the metadata.
        authority: `https://${emulatorOrigin.host}/${tenantId}`,
        knownAuthorities: [emulatorOrigin.host],
        authorityMetadata: known,
      },
    };
  };
}

async function emulatorMetadata(origin: URL, tenantId: string): Promise<string> {
  const url = new URL(`/${tenantId}/v2.0/.well-known/openid-configuration`, origin);
  const response = await fetch(url, { signal: AbortSignal.timeout(5_000) });
  if (!response.ok) throw new Error(`The emulator answered ${response.status} for ${url.href}.`);
  const metadata = (await response.json()) as Readonly<Record<string, unknown>>;
  return JSON.stringify(Object.fromEntries(metadataFields.map((field) => [field, metadata[field]])));
}

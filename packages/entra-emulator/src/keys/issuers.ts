/**
 * The issuers, all derived from the emulator's origin, so that a verifier needs no other configuration.
 * Entra's are `https://login.microsoftonline.com/{tid}/v2.0` and `https://sts.windows.net/{tid}/`; the second host has
 * no counterpart on one local port, so the path `/sts` replaces it.
 */
export function v2Issuer(origin: string, tenantId: string): string {
  return `${origin}/${tenantId}/v2.0`;
}

/** The issuer of v1 tokens: `<origin>/sts/<tid>/`, with the trailing slash that Entra's has. */
export function v1Issuer(origin: string, tenantId: string): string {
  return `${origin}/sts/${tenantId}/`;
}

/** What stands for the tenant's guidPattern in the metadata and keys of `common` and `organizations`. */
export const tenantTemplate = '{tenantid}';

/** The tenant of personal Microsoft accounts. Its keys are listed beside every tenant's, as at Entra. */
export const consumersTenantId = '9188040d-6c67-4c5b-b112-36a304b66dad';

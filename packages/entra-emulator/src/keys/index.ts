export { v1Issuer, v2Issuer } from './issuers.ts';
export { createSigningKeys } from './keys.ts';
export type { SigningKey, SigningKeys } from './keys.ts';
export { openIdMetadata } from './metadata-endpoint.ts';
export type { OpenIdMetadata } from './metadata-endpoint.ts';

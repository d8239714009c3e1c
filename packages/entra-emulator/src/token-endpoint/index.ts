export { handleToken, handleTokenPreflight } from './token-endpoint.ts';
export { accessTokenClaims } from './tokens.ts';

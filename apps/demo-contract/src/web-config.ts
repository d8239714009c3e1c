/** What the web app is served as `config.json`. */
export interface WebConfig {
  /** Whose sign-in this is: `emulator` is simulated, and the page says so. */
  readonly identityProvider: 'emulator' | 'entra';
  readonly apiUrl: string;
  readonly scopes: readonly string[];
  /** MSAL's `auth`, as the identity provider needs it. */
  readonly auth: {
    readonly clientId: string;
    readonly authority: string;
    readonly knownAuthorities?: readonly string[];
    readonly authorityMetadata?: string;
  };
}

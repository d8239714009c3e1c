import { inject, Injector, runInInjectionContext } from '@angular/core';
import type { AccessTokenFunction, SseError } from '@sillage/client';
import { NEVER, type Observable } from 'rxjs';
import { withAuthentication, type SseFeature } from './provide-sse';

/** The options of {@link withToken}. */
export interface WithTokenOptions {
  /** Emits when the user has signed out: streams end with this error, such as a `SignedOutError`. @default never */
  readonly signedOut?: Observable<SseError>;
}

/**
 * Opens streams with access tokens of any provider: Auth0, Keycloak, Okta, your own. The function is called at every attempt, so return the
 * token from a cache that renews it. Where the user has to sign in again, throw an `InteractionRequiredError` whose `settled` resolves once
 * they did: the stream waits in the state `interaction-required`, and resumes.
 *
 * @param accessToken called in the injection context of the application. `demand` says what the API demanded when it refused the last token.
 * @usageNotes
 * ```ts
 * provideSse(withBaseUrl('https://api.contoso.example'), withToken(() => inject(AuthService).getAccessToken()))
 * ```
 */
export function withToken(accessToken: AccessTokenFunction, options: WithTokenOptions = {}): SseFeature {
  const { signedOut = NEVER } = options;
  return withAuthentication(() => {
    const injector = inject(Injector);
    return { accessToken: (request) => runInInjectionContext(injector, () => accessToken(request)), ended: signedOut };
  });
}

import type { AccessTokenFunction, SseError } from '@sillage/client';
import type { Observable } from 'rxjs';

/** Who a stream is opened as. One is made for each subscription, so that it can pin an account. */
export interface SseAuthentication {
  /** Asked at every attempt. */
  readonly accessToken: AccessTokenFunction;
  /** Emits when the stream must end because its user is no longer there. It then fails with this error. */
  readonly ended: Observable<SseError>;
}

/** Makes the authentication of one subscription to the stream at `url`. Called in an injection context. */
export type SseAuthenticationFactory = (url: URL) => SseAuthentication;

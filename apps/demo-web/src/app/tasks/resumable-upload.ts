import {
  decideReconnect,
  defaultReconnectPolicy,
  InteractionRequiredError,
  parseChallenges,
  tokenDemand,
  type AccessTokenFunction,
  type Decision,
  type TokenDemand,
} from '@sillage/client';
import { concatMap, defer, fromEvent, Observable, of, race, retry, take, throwError, timer } from 'rxjs';
import { Upload, type UploadOptions } from 'tus-js-client';
import { outcomeOf, responseOf, retryAfterMsOf, toHttpError } from './upload-error';

/** `waiting`: it goes on by itself, once the API can be reached again. */
export type UploadState = 'sending' | 'waiting';

export interface ResumableUploadOptions {
  readonly url: string;
  readonly file: Blob;
  /** Asked for every part. */
  readonly accessToken: AccessTokenFunction;
  readonly onState: (state: UploadState) => void;
  /** Default: `Math.random`. */
  readonly random?: () => number;
  /** Default: as the clock runs. */
  readonly wait?: (ms: number) => Observable<unknown>;
  /** How requests are made and files are read. Default: as in a browser. */
  readonly platform?: Pick<UploadOptions, 'httpStack' | 'fileReader'>;
}

/** A part is one request, and has a token of its own: none is for longer than a token lives. */
const partBytes = 16 * 2 ** 20;

/**
 * Sends a file by tus 1.0, and goes on where the API says whenever it broke off, by the rules of the streams (PROTOCOL 8). Unsubscribing
 * aborts it.
 *
 * @throws HttpErrorResponse for a refusal that cannot pass, `SseError` where no token can be had, `DOMException` where the file cannot be read.
 */
export function resumableUpload(options: ResumableUploadOptions): Observable<never> {
  const {
    url,
    file,
    accessToken,
    onState,
    random = Math.random,
    wait = (ms: number) => timer(ms),
    platform = {},
  } = options;
  return defer(() => {
    let failures = 0;
    let refresh: 'possible' | 'spent' = 'possible';
    let demand: TokenDemand | undefined;

    const attempt = new Observable<never>((subscriber) => {
      const leaving = new AbortController();
      let tokenError: unknown;
      const upload = new Upload(file, {
        uploadUrl: url,
        chunkSize: partBytes,
        // Its own waits are a list that ends, and know nothing of Retry-After.
        retryDelays: null,
        storeFingerprintForResuming: false,
        ...platform,
        async onBeforeRequest(request) {
          try {
            const token = await accessToken({ demand, signal: leaving.signal });
            request.setHeader('Authorization', `Bearer ${String(token)}`);
          } catch (error) {
            tokenError = error;
            throw error;
          }
          leaving.signal.throwIfAborted();
        },
        onAfterResponse(_request, response) {
          if (response.getStatus() < 300) [demand, refresh] = [undefined, 'possible'];
        },
        onProgress: () => onState('sending'),
        onChunkComplete: () => (failures = 0),
        onSuccess: () => subscriber.complete(),
        onError: (error) => subscriber.error(tokenError ?? error),
      });
      upload.start();
      return () => {
        leaving.abort();
        void upload.abort();
      };
    });

    function follow(decision: Decision, error: unknown): Observable<unknown> {
      switch (decision.action) {
        case 'refresh-token': {
          const challenge = responseOf(error)?.getHeader('WWW-Authenticate') ?? null;
          demand = tokenDemand(parseChallenges(challenge)) ?? { error: undefined, claims: undefined };
          refresh = 'spent';
          return of(null);
        }
        case 'wait':
          failures += 1;
          onState('waiting');
          return wait(decision.delayMs);
        case 'wait-for-network':
          onState('waiting');
          // The browser's report is a hint: the wait ends without it, too.
          return race(fromEvent(window, 'online').pipe(take(1)), wait(decision.delayMs));
        case 'wait-for-interaction':
          onState('waiting');
          return signedIn(error);
        case 'complete':
        case 'fail':
          return throwError(() => toHttpError(error, url));
        case 'reconnect':
          return of(null);
      }
    }

    return attempt.pipe(
      retry({
        delay: (error: unknown) => {
          const decision = decideReconnect(
            outcomeOf(error),
            { retryMs: undefined, retryAfterMs: retryAfterMsOf(error) },
            { failures, refresh, network: navigator.onLine ? 'online' : 'offline' },
            { ...defaultReconnectPolicy, method: 'HEAD', token: 'renewable', onEnd: undefined },
            random(),
          );
          // A file that was changed or moved since it was chosen breaks off like a network: no wait would bring it back.
          return defer(() => readStart(file)).pipe(concatMap(() => follow(decision, error)));
        },
      }),
    );
  });
}

/** @throws DOMException where the browser cannot read the file any more. */
async function readStart(file: Blob): Promise<void> {
  await file.slice(0, 1).arrayBuffer();
}

/** Emits once the person has signed in again. */
function signedIn(error: unknown): Observable<unknown> {
  if (!(error instanceof InteractionRequiredError)) return of(null);
  return new Observable((subscriber) => {
    const leaving = new AbortController();
    error.settled(leaving.signal).then(
      () => subscriber.next(null),
      (reason: unknown) => subscriber.error(reason),
    );
    return () => leaving.abort();
  });
}

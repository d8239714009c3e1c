import { HttpErrorResponse } from '@angular/common/http';
import { isSseError, type SseError } from '@sillage/angular';
import { ResponseError, StreamFailedError } from '@sillage/client';
import { describeFailure, describeRefusal } from './describe-refusal';

/** Why a request or a stream failed, for the person who waits for it. */
export function describeError(error: unknown): string {
  if (error instanceof HttpErrorResponse) return describeResponse(error);
  if (isSseError(error)) return describeSseError(error);
  return $localize`:@@error.page:Something in the page failed.`;
}

function describeResponse(response: HttpErrorResponse): string {
  const { status } = response;
  if (status === 0) return $localize`:@@error.unreachable:The API cannot be reached.`;
  const seconds = Number(response.headers.get('Retry-After') ?? Number.NaN);
  return describeRefusal(status, {
    code: textOf(response.error, 'code'),
    detail: textOf(response.error, 'detail'),
    retryAfterSeconds: Number.isFinite(seconds) ? seconds : null,
  });
}

/** @param body HttpClient's `any`: what the API answered, if it was JSON at all. */
function textOf(body: unknown, name: string): string | null {
  if (typeof body !== 'object' || body === null) return null;
  const value: unknown = Object.entries(body).find(([key]) => key === name)?.[1];
  return typeof value === 'string' ? value : null;
}

function describeSseError(error: SseError): string {
  if (error instanceof ResponseError) {
    const { status, failure: code, detail, retryAfterMs } = error;
    return describeRefusal(status, {
      code: code ?? null,
      detail: detail ?? null,
      retryAfterSeconds: retryAfterMs === undefined ? null : Math.ceil(retryAfterMs / 1_000),
    });
  }
  if (error instanceof StreamFailedError) return describeFailure(error.failure, error.message);
  switch (error.code) {
    case 'network-error':
      return $localize`:@@error.unreachable:The API cannot be reached.`;
    case 'connect-timeout':
    case 'connection-closed':
    case 'heartbeat-timeout':
    case 'idle-timeout':
      return $localize`:@@error.lost:The connection was lost.`;
    case 'interaction-required':
      return $localize`:@@error.sign-in:Sign-in is needed.`;
    case 'signed-out':
      return $localize`:@@error.signed-out:The person signed out.`;
    case 'token-unavailable':
      return $localize`:@@error.token:No token could be had for the API. Sign out, then sign in again.`;
    case 'event-too-large':
    case 'gap':
    case 'invalid-event-id':
    case 'invalid-data':
      return $localize`:@@error.event:The API sent what this page cannot read.`;
    case 'redirect-refused':
    case 'unexpected-content-type':
      return $localize`:@@error.not-the-api:What answered is not the API’s stream: a proxy or a portal may stand between.`;
    case 'http-error':
    case 'invalid-option':
    case 'slow-consumer':
    case 'stream-failed':
      return $localize`:@@error.page:Something in the page failed.`;
  }
}

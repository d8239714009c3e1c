import { HttpErrorResponse } from '@angular/common/http';
import { isSseError, type SseError } from '@sillage/angular';
import { ResponseError } from '@sillage/client';
import { describeRefusal } from './describe-refusal';

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
    return describeRefusal(error.status, { code: null, detail: error.detail, retryAfterSeconds: null });
  }
  switch (error.code) {
    case 'network-error':
      return $localize`:@@error.unreachable:The API cannot be reached.`;
    case 'connection-closed':
    case 'heartbeat-timeout':
    case 'idle-timeout':
      return $localize`:@@error.lost:The connection was lost.`;
    case 'interaction-required':
      return $localize`:@@error.sign-in:Sign-in is needed.`;
    case 'signed-out':
      return $localize`:@@error.signed-out:The person signed out.`;
    case 'http-error':
    case 'event-too-large':
    case 'invalid-data':
    case 'invalid-option':
    case 'redirect-refused':
    case 'stream-failed':
    case 'token-unavailable':
    case 'unexpected-content-type':
      return error.message;
  }
}

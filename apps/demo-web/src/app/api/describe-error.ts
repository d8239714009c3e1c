import { HttpErrorResponse } from '@angular/common/http';
import { isSseError, type SseError } from '@sillage/client';

/** Why a request or a stream failed, for the person who waits for it. */
export function describeError(error: unknown): string {
  if (error instanceof HttpErrorResponse) return describeResponse(error);
  if (isSseError(error)) return describeSseError(error);
  return 'Something in the page failed.';
}

function describeResponse(response: HttpErrorResponse): string {
  const { status } = response;
  // HttpClient's `any`: what the API answered, if it was JSON at all.
  const error: unknown = response.error;
  if (status === 0) return 'The API cannot be reached.';
  const detail: unknown = typeof error === 'object' && error !== null && 'detail' in error ? error.detail : null;
  return typeof detail === 'string' ? `The API refused: ${detail}` : `The API answered ${status}.`;
}

function describeSseError(error: SseError): string {
  switch (error.code) {
    case 'network-error':
      return 'The API cannot be reached.';
    case 'connection-closed':
    case 'heartbeat-timeout':
    case 'idle-timeout':
      return 'The connection was lost.';
    case 'interaction-required':
      return 'Sign-in is needed.';
    case 'signed-out':
      return 'The person signed out.';
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

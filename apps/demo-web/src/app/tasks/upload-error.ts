import { HttpErrorResponse, HttpHeaders } from '@angular/common/http';
import { AccessTokenError, InteractionRequiredError, type Outcome } from '@sillage/client';
import { DetailedError, type HttpResponse } from 'tus-js-client';

/** What the API answered to an upload that failed; `null` where it did not. */
export function responseOf(error: unknown): HttpResponse | null {
  const response = error instanceof DetailedError ? error.originalResponse : null;
  // What a browser says of a request that got no answer.
  return response === null || response.getStatus() === 0 ? null : response;
}

export function outcomeOf(error: unknown): Outcome {
  if (error instanceof InteractionRequiredError) return { kind: 'no-token', retry: 'after-interaction' };
  if (error instanceof AccessTokenError) return { kind: 'no-token', retry: error.retry };
  // What is no matter of a request (an option, the file's kind) would fail again at once, and for ever.
  if (!(error instanceof DetailedError)) return { kind: 'impossible' };
  const response = responseOf(error);
  return response === null ? { kind: 'unreachable' } : { kind: 'refused', by: 'stream', status: response.getStatus() };
}

export function retryAfterMsOf(error: unknown): number | undefined {
  const seconds = Number(responseOf(error)?.getHeader('Retry-After') ?? Number.NaN);
  return Number.isFinite(seconds) ? seconds * 1_000 : undefined;
}

/** A refusal as HttpClient would have told it, so that a page describes both alike. */
export function toHttpError(error: unknown, url: string): unknown {
  const response = responseOf(error);
  if (response === null) return error;
  const retryAfter = response.getHeader('Retry-After');
  return new HttpErrorResponse({
    ...{ url, status: response.getStatus(), error: parse(response.getBody()) },
    headers: new HttpHeaders(retryAfter ? { 'Retry-After': retryAfter } : {}),
  });
}

function parse(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    // A HEAD has none, and a proxy's may be anything.
    return null;
  }
}

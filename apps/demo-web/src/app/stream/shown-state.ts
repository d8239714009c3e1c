import { HttpErrorResponse } from '@angular/common/http';
import { isSseError, type SseError, type StreamState } from '@sillage/angular';
import { ResponseError } from '@sillage/client';
import { describeError } from '@app/api';

/** A {@link StreamState} as a person needs to know it: the ends told apart, their reasons in words. */
export type ShownState =
  | { readonly status: 'connecting' | 'open' | 'offline' | 'interaction-required' }
  /** `reason`: what the API said; `null` where it said nothing. */
  | { readonly status: 'waiting'; readonly retryAt: number; readonly reason: string | null }
  | { readonly status: 'closed'; readonly end: 'completed' | 'signed-out' }
  /** `httpStatus`: what the API refused with; `null` where it was something else that failed. */
  | {
      readonly status: 'closed';
      readonly end: 'failed';
      readonly reason: string;
      readonly httpStatus: number | null;
    };

export function shownState(state: StreamState): ShownState {
  switch (state.status) {
    case 'idle':
      return { status: 'connecting' };
    case 'waiting':
      return { status: 'waiting', retryAt: state.retryAt, reason: refusalOf(state.error) };
    case 'closed':
      return state.reason === 'failed' ? failedState(state.error) : { status: 'closed', end: 'completed' };
    case 'connecting':
    case 'open':
    case 'offline':
    case 'interaction-required':
      return { status: state.status };
  }
}

/** The end of a stream by an error, or of a page's attempt to open one. */
export function failedState(error: unknown): ShownState {
  if (isSseError(error) && error.code === 'signed-out') return { status: 'closed', end: 'signed-out' };
  const httpStatus = error instanceof ResponseError || error instanceof HttpErrorResponse ? error.status : null;
  return { status: 'closed', end: 'failed', reason: describeError(error), httpStatus };
}

/** Why the API told the stream to wait. The countdown beside it says how long. */
function refusalOf(error: SseError | undefined): string | null {
  if (!(error instanceof ResponseError)) return null;
  return error.status === 429
    ? $localize`:@@stream.too-many:the API has had too many requests from you or from your network`
    : describeError(error);
}

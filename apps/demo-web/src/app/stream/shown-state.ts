import { isSseError, type StreamState } from '@sillage/client';
import { describeError } from '@app/api';

/** A {@link StreamState} as a person needs to know it: the ends told apart, their reasons in words. */
export type ShownState =
  | { readonly status: 'connecting' | 'open' | 'offline' | 'interaction-required' }
  | { readonly status: 'waiting'; readonly retryAt: number }
  | { readonly status: 'closed'; readonly end: 'completed' | 'signed-out' }
  | { readonly status: 'closed'; readonly end: 'failed'; readonly reason: string };

export function shownState(state: StreamState): ShownState {
  switch (state.status) {
    case 'idle':
      return { status: 'connecting' };
    case 'waiting':
      return { status: 'waiting', retryAt: state.retryAt };
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
  return { status: 'closed', end: 'failed', reason: describeError(error) };
}

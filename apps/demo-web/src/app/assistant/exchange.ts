import { computed, signal, type Signal } from '@angular/core';
import type { StreamState } from '@sillage/angular';
import type { Subscription } from 'rxjs';
import { describeError, type SseApiService } from '@app/api';
import { shownState, type ShownState } from '@app/stream';

type AnswerStatus = 'answering' | 'complete' | 'failed' | 'stopped';

/** A question and its answer, as far as it has come. */
export interface Exchange {
  readonly key: number;
  /** Whether it was asked on this page, or the API has kept it. */
  readonly origin: 'asked' | 'kept';
  readonly question: string;
  readonly answer: Signal<string>;
  readonly status: Signal<AnswerStatus>;
  readonly state: Signal<ShownState>;
  /** Why it failed; `null` where it did not. */
  readonly problem: Signal<string | null>;
  /** Leaves the answer as it is. Does nothing once it has ended. */
  readonly stop: () => void;
}

interface Asked {
  readonly key: number;
  readonly question: string;
  readonly conversationId: string;
  /** That of an answer that was begun before. Default: it is begun. */
  readonly answerId?: string;
}

/** Asks, and follows the answer. */
export function createExchange(sse: SseApiService, { key, question, conversationId, answerId }: Asked): Exchange {
  const answer = signal('');
  const status = signal<AnswerStatus>('answering');
  const state = signal<StreamState>({ status: 'idle' });
  const problem = signal<string | null>(null);
  const subscription: Subscription = sse
    .streamChatCompletion(question, conversationId, { onState: (next) => state.set(next) }, answerId)
    .subscribe({
      next: (token) => answer.update((text) => text + token),
      error: (error: unknown) => {
        problem.set(describeError(error));
        status.set('failed');
      },
      complete: () => status.set('complete'),
    });
  return {
    key,
    origin: 'asked',
    question,
    answer,
    status,
    problem,
    state: computed(() => shownState(state())),
    stop: () => {
      if (status() !== 'answering') return;
      subscription.unsubscribe();
      status.set('stopped');
    },
  };
}

/** One that is over, as the API has kept it. */
export function pastExchange(key: number, question: string, answer: string): Exchange {
  return {
    key,
    origin: 'kept',
    question,
    answer: signal(answer),
    status: signal('complete'),
    state: signal({ status: 'closed', end: 'completed' }),
    problem: signal(null),
    stop: () => undefined,
  };
}

import { createEventStream, type EventStreamOptions, type Gap, type SseEvent } from '@sillage/client';

/** A stream whose events are collected from the start, so that a test can inspect them at any time. */
export interface Follower<T> {
  readonly gaps: readonly Gap[];
  readonly lastEventId: string;
  /**
   * The events since the last call, up to and including the first one that matches. Waits for it until the test times out. Rejects with the
   * stream's error, or if the stream completes without it.
   */
  until(isMeant: (event: SseEvent<T>) => boolean): Promise<SseEvent<T>[]>;
  /** All events since the last call, once the stream has completed. Rejects with the stream's error. */
  rest(): Promise<SseEvent<T>[]>;
  close(): void;
}

export function follow<T>(url: string, options: EventStreamOptions<T>): Follower<T> {
  const stream = createEventStream<T>(url, options);
  const waiting: SseEvent<T>[] = [];
  const gaps: Gap[] = [];
  let wake = Promise.withResolvers<undefined>();
  let end: { readonly error?: unknown } | undefined;
  const change = (): void => {
    wake.resolve(undefined);
    wake = Promise.withResolvers();
  };
  const finish = (how: NonNullable<typeof end>): void => {
    end = how;
    change();
  };
  stream.subscribe({
    next(event) {
      waiting.push(event);
      change();
    },
    gap: (gap) => void gaps.push(gap),
    error: (error) => finish({ error }),
    complete: () => finish({}),
  });

  async function take(find: () => number): Promise<SseEvent<T>[]> {
    for (;;) {
      const index = find();
      if (index !== -1) return waiting.splice(0, index + 1);
      if (end !== undefined) throw asError(end.error ?? `${url} completed without the expected event.`);
      await wake.promise;
    }
  }

  return {
    gaps,
    get lastEventId() {
      return stream.lastEventId;
    },
    until: (isMeant) => take(() => waiting.findIndex(isMeant)),
    async rest() {
      while (end === undefined) await wake.promise;
      if ('error' in end) throw asError(end.error);
      return waiting.splice(0);
    },
    close: () => stream.close(),
  };
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}

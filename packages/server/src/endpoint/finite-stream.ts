import { StreamFailure } from '../core/index.ts';
import { draftEvent, encodeEvent } from '../events/index.ts';
import { COMPLETE } from '../hub/index.ts';
import type { Session } from '../sessions/index.ts';
import type { FiniteStreamEvent } from './stream-options.ts';

/**
 * Writes a source to a session until it ends (PROTOCOL 6.2), fails (6.3) or the client leaves. The next value is asked for when the
 * last one has room, so that a slow client slows the source down rather than fill memory. Never rejects.
 */
export async function writeFiniteStream(
  session: Session,
  createSource: () => AsyncIterable<FiniteStreamEvent>,
  maxEventBytes: number,
): Promise<void> {
  let iterator: AsyncIterator<FiniteStreamEvent> | undefined;
  try {
    iterator = createSource()[Symbol.asyncIterator]();
    for (;;) {
      const step = await nextOrAborted(iterator, session.signal);
      if (step === 'aborted') break;
      if (step.done === true) {
        session.write(COMPLETE);
        session.close('completed');
        return;
      }
      const { id } = step.value;
      session.write(encodeEvent({ ...draftEvent(step.value, maxEventBytes), ...(id === undefined ? {} : { id }) }));
      await session.drained();
    }
  } catch (error) {
    // After the end there is nobody to tell, and an upstream that was aborted is expected to throw.
    if (!session.signal.aborted) {
      session.write(encodeEvent({ type: 'failure', data: JSON.stringify(describeFailure(error)) }));
      session.close('failed', error);
    }
  }
  returnQuietly(iterator);
}

function describeFailure(error: unknown): { code: string; message: string } {
  if (error instanceof StreamFailure) return { code: error.code, message: error.message };
  // Whatever it says may be about the inside of the server.
  return { code: 'internal-error', message: 'The server could not finish this stream.' };
}

/**
 * The next step, or `aborted` as soon as the signal is, even where the source never settles. No `Promise.race`: each would leave a
 * reaction on a promise that lives as long as the session.
 */
function nextOrAborted(
  iterator: AsyncIterator<FiniteStreamEvent>,
  signal: AbortSignal,
): Promise<IteratorResult<FiniteStreamEvent, unknown> | 'aborted'> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) {
      resolve('aborted');
      return;
    }
    const onAbort = (): void => resolve('aborted');
    signal.addEventListener('abort', onAbort, { once: true });
    iterator
      .next()
      .then(resolve, reject)
      .finally(() => signal.removeEventListener('abort', onAbort));
  });
}

/** Not awaited: a generator returns when what it waits for has settled, which may be never. */
function returnQuietly(iterator: AsyncIterator<FiniteStreamEvent> | undefined): void {
  // The session has ended: what a source's clean-up throws changes nothing for it.
  iterator?.return?.().then(undefined, () => undefined);
}

import { callHook, EventRefusedError, isErrorNamed } from '../core/index.ts';
import { draftEvent, encodeEvent } from '../events/index.ts';
import { completeBlock, completeId } from '../hub/index.ts';
import type { Session } from '../sessions/index.ts';
import type { FiniteStreamEnd, FiniteStreamEvent } from './stream-options.ts';

/**
 * Writes a source to a session until it ends (PROTOCOL 6.2), fails (6.3) or the client disconnects. It requests the next value once the
 * client has taken the last one, so that a slow client slows the source down instead of filling memory. Never rejects.
 */
export async function writeFiniteStream(
  session: Session,
  createSource: () => AsyncIterable<FiniteStreamEvent>,
  { maxEventBytes, end }: { readonly maxEventBytes: number; readonly end: FiniteStreamEnd },
): Promise<void> {
  let iterator: AsyncIterator<FiniteStreamEvent> | undefined;
  try {
    iterator = createSource()[Symbol.asyncIterator]();
    for (;;) {
      const step = await nextOrAborted(iterator, session.signal);
      if (step === 'aborted') break;
      if (step.done === true) {
        session.write(encodeEnd(end));
        session.close('completed');
        return;
      }
      session.write(encodeFiniteEvent(step.value, maxEventBytes));
      await session.drained();
    }
  } catch (error) {
    // After the end nobody can be told, and an upstream that was aborted is expected to throw.
    if (!session.signal.aborted) {
      session.write(encodeEvent({ type: 'failure', data: JSON.stringify(describeFailure(error)) }));
      session.close('failed', error);
    }
  }
  returnQuietly(iterator);
}

function encodeFiniteEvent(event: FiniteStreamEvent, maxEventBytes: number): Uint8Array {
  const { id } = event;
  const entry = draftEvent(event, maxEventBytes);
  if (id === undefined) return encodeEvent(entry);
  if (id === completeId) {
    throw new EventRefusedError(
      'invalid-id',
      `The ID "${completeId}" marks the end of a stream. Give the event another one.`,
    );
  }
  return encodeEvent({ ...entry, id });
}

/** Whatever the end looks like, it has the ID that stops clients which reconnect all the same. */
function encodeEnd(end: FiniteStreamEnd): Uint8Array {
  if (end === 'complete') return completeBlock;
  return encodeEvent(end === 'close' ? { id: completeId } : { id: completeId, data: end.data });
}

function describeFailure(error: unknown): { code: string; message: string } {
  if (isErrorNamed(error, 'StreamFailure')) return { code: error.code, message: error.message };
  // Its message may be about the internals of the server.
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

/** Not awaited: a generator returns once the promise that it awaits has settled, which may be never. */
function returnQuietly(iterator: AsyncIterator<FiniteStreamEvent> | undefined): void {
  // The session has ended: an error of the source's clean-up changes nothing.
  callHook(
    () => iterator?.return?.(),
    () => undefined,
  );
}

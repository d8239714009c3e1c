import { createTokenSource } from '../policy/index.ts';
import { attempt, type AttemptEnd } from '../connection/index.ts';
import type { TokenDemand } from '../headers/index.ts';
import { readConnection, type ConnectionPort } from '../connection/index.ts';
import { ConnectionError, InteractionRequiredError, type SseError } from '../errors.ts';
import type { StreamSettings } from '../options/index.ts';
import { decideReconnect } from '../policy/index.ts';
import type { StreamState } from '../stream-state.ts';

/** What the loop tells the stream, and hears from it. */
export interface LoopPort extends Pick<ConnectionPort, 'deliver' | 'tellGap'> {
  lastEventId: string;
  setState(state: StreamState): void;
  /** Calls `listener` when a wait should be cut short; returns the way to stop listening. */
  onWake(listener: () => void): () => void;
}

/**
 * Follows a stream over as many connections as it takes.
 *
 * @param signal ends it: the answer is then `'closed'`, and nothing more is told to the port.
 */
export async function followStream<T>(
  settings: StreamSettings<T>,
  port: LoopPort,
  signal: AbortSignal,
): Promise<'completed' | 'closed' | SseError> {
  const { runtime, policy } = settings;
  const tokens = createTokenSource(settings.accessToken);
  let failures = 0;
  let refusals = 0;
  let demand: TokenDemand | null = null;
  let retryMs: number | null = null;

  const connect = async (): Promise<AttemptEnd> => {
    // One controller a connection, linked by hand: AbortSignal.any keeps every signal it made alive (nodejs/node#54614).
    const cut = new AbortController();
    const onAbort = (): void => cut.abort();
    signal.addEventListener('abort', onAbort);
    try {
      const answer = await attempt(settings, tokens, {
        lastEventId: port.lastEventId,
        demand,
        signal: cut.signal,
        onToken: () => (demand = null),
      });
      if (signal.aborted) return closed;
      if ('end' in answer) return answer.end;

      const openedAt = runtime.now();
      refusals = 0;
      port.setState({ status: 'open', since: openedAt });
      const end = await readConnection(
        answer.open,
        settings,
        {
          lastEventId: port.lastEventId,
          deliver: (event) => {
            // What opens and dies before it has brought anything is no success, or a broken server would be asked at full speed.
            failures = 0;
            return port.deliver(event);
          },
          tellGap: (gap) => port.tellGap(gap),
          advance: (id) => (port.lastEventId = id),
          setRetry: (delayMs) => (retryMs = delayMs),
        },
        cut,
      );
      if (runtime.now() - openedAt >= settings.stableAfterMs) failures = 0;
      return end;
    } finally {
      signal.removeEventListener('abort', onAbort);
    }
  };

  while (!signal.aborted) {
    port.setState({ status: 'connecting', attempt: failures + 1 });
    const end = await connect();
    if (isAborted(signal)) break;
    if (end.outcome.kind === 'refused' && end.outcome.status === 401) refusals += 1;

    const decision = decideReconnect(
      end.outcome,
      { retryMs, retryAfterMs: end.retryAfterMs },
      { failures, refusals, network: runtime.lifecycle.network() },
      policy,
      runtime.random(),
    );
    const error = end.error ?? closed.error;
    switch (decision.action) {
      case 'complete':
        return 'completed';
      case 'fail':
        return error;
      case 'refresh-token':
        demand = end.demand ?? { error: null, claims: null };
        break;
      case 'wait-for-network':
        port.setState({ status: 'offline' });
        await wait(null);
        break;
      case 'wait':
        failures += 1;
        port.setState({
          status: 'waiting',
          retryAt: runtime.now() + decision.delayMs,
          attempt: failures + 1,
          error: end.error,
        });
        await wait(decision.delayMs);
        break;
      case 'wait-for-interaction':
        port.setState({ status: 'interaction-required', error });
        // A wait that is given up is no reason to ask again at once: that would be a loop without a pause.
        if ((await interaction(error)) === 'given-up' && !isAborted(signal)) return error;
        // The person signed in with what was demanded; a cached token has it now.
        demand = null;
        break;
    }
  }
  return 'closed';

  /** Waits for `ms` (`null`: without end), the stream's close, or a wake, whichever comes first. */
  function wait(ms: number | null): Promise<void> {
    return new Promise((resolve) => {
      const finish = (): void => {
        cancel();
        stopListening();
        signal.removeEventListener('abort', finish);
        resolve();
      };
      const cancel = ms === null ? (): void => undefined : runtime.setTimer(finish, ms);
      const stopListening = port.onWake(finish);
      signal.addEventListener('abort', finish);
    });
  }

  async function interaction(error: SseError): Promise<'settled' | 'given-up'> {
    if (!(error instanceof InteractionRequiredError)) return 'given-up';
    const done = new AbortController();
    const onAbort = (): void => done.abort();
    signal.addEventListener('abort', onAbort);
    try {
      await Promise.race([
        error.settled(done.signal),
        new Promise<void>((resolve) =>
          signal.addEventListener('abort', () => resolve(), { once: true, signal: done.signal }),
        ),
      ]);
      return 'settled';
    } catch {
      // Why is the giver's own affair: the stream fails with what it was waiting for.
      return 'given-up';
    } finally {
      done.abort();
      signal.removeEventListener('abort', onAbort);
    }
  }
}

const closed: AttemptEnd & { readonly error: SseError } = {
  outcome: { kind: 'interrupted' },
  error: new ConnectionError('connection-closed', 'connection closed.'),
  retryAfterMs: null,
  demand: null,
};

/** Apart from the loop's condition, so that TypeScript does not take the signal for unchanged over an await. */
function isAborted(signal: AbortSignal): boolean {
  return signal.aborted;
}

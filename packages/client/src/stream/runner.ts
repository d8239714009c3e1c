import { ended, startAttempt, type Attempt } from '../connection/index.ts';
import { ConnectionError, type SseError } from '../errors.ts';
import { maxTimerMs, type StreamSettings } from '../options/index.ts';
import { createTokenSource } from '../policy/index.ts';
import type { StreamState } from '../stream-state.ts';
import { Delivery } from './delivery.ts';
import type { Input } from './machine-input.ts';
import { initialState, type MachineState } from './machine-state.ts';
import { transition } from './machine.ts';
import type { Notification } from './observer.ts';
import { resourcesOf } from './resources.ts';

/** Runs the machine of one stream: inputs in, notifications and resources out. */
export interface Runner<T> {
  readonly state: StreamState;
  /** The URL of the current or the last attempt. */
  readonly url: string;
  readonly delivery: Delivery<T>;
  /** Takes an input. Safe to call from any callback: the state changes at once, and the rest follows when the callback returns. */
  dispatch(input: Input): void;
}

interface RunningAttempt {
  readonly generation: number;
  readonly handle: Attempt;
}

/** Whether the stream has moved to the successor of its connection. */
function hasRotated(before: MachineState, after: MachineState): boolean {
  return before.status === 'rotating' && after.status === 'open' && before.connection !== after.connection;
}

/** Creates the runner of one stream. `onClosed` is called once, before the subscribers are notified. */
export function createRunner<T>(settings: StreamSettings<T>, onClosed: () => void): Runner<T> {
  const { runtime } = settings;
  const tokens = createTokenSource(settings.accessToken);
  const delivery = new Delivery<T>({
    lastEventId: settings.lastEventId,
    reportError: reportSafely(runtime.reportError),
    whenDone: () => run(),
    whenFull: () => abandonRotation(),
  });
  const notifications: Notification[] = [];
  let machine: MachineState = initialState;
  let { href } = settings.urlAt(settings.lastEventId);
  let running: 'yes' | 'no' = 'no';
  /** Whether an input came while `run` was running. */
  let again: 'yes' | 'no' = 'no';

  // What exists now. It is compared with `resourcesOf(machine)` whenever something happened.
  let attempt: RunningAttempt | undefined;
  let successor: RunningAttempt | undefined;
  let reportedBytes: number | undefined;
  let interaction: { readonly generation: number; readonly controller: AbortController } | undefined;
  let timer: { readonly dueAt: number; readonly generation: number; readonly cancel: () => void } | undefined;
  let stopWatching: (() => void) | undefined;

  const dispatch = (input: Input): void => {
    const before = machine;
    machine = transition(before, input, {
      nowMs: runtime.monotonicNow(),
      wallMs: runtime.now(),
      random: runtime.random(),
      network: runtime.lifecycle.network(),
      position: delivery.resumeId === '' ? 'unknown' : 'known',
      settings,
    });
    if (machine === before) return;
    if (machine.visible !== before.visible) {
      if (machine.status === 'closed') onEnd(machine.visible);
      notifications.push({ kind: 'state', state: machine.visible });
    }
    if (hasRotated(before, machine)) notifications.push({ kind: 'rotate' });
    delivery.later();
  };

  const abandonRotation = (): void => {
    const error = new ConnectionError('connection-closed', 'Too many events arrived during a rotation.');
    if (successor !== undefined) {
      dispatch({ type: 'ended', generation: successor.generation, end: ended({ kind: 'not-sent' }, error) });
    }
  };

  const onEnd = (state: StreamState): void => {
    delivery.halt();
    // Compared by code: the error may come from another copy of this package.
    if ('error' in state && state.error?.code === 'signed-out') delivery.position = '';
    onClosed();
  };

  /** Does what follows from the state, until nothing does. Callbacks and functions of the user may call `dispatch` meanwhile. */
  const run = (): void => {
    again = 'yes';
    if (running === 'yes') return;
    running = 'yes';
    try {
      while (again === 'yes') {
        again = 'no';
        release();
        const next = notifications.shift();
        if (next !== undefined) delivery.notify(next);
        if (next !== undefined || acquire() === 'something') again = 'yes';
      }
    } finally {
      running = 'no';
    }
  };

  /** Gives up what the state does not want any more. */
  const release = (): void => {
    const wanted = resourcesOf(machine);
    if (attempt !== undefined && attempt.generation !== wanted.attempt) {
      attempt.handle.cancel();
      attempt = undefined;
    }
    if (successor !== undefined && successor.generation !== wanted.successor) {
      if (successor.generation === wanted.attempt) {
        attempt = successor;
        delivery.handOver();
      } else {
        successor.handle.cancel();
        delivery.cancelHandover();
      }
      successor = undefined;
    }
    if (interaction !== undefined && interaction.generation !== wanted.interaction) {
      interaction.controller.abort();
      interaction = undefined;
    }
    if (timer !== undefined && (timer.dueAt !== wanted.dueAt || timer.generation !== machine.memory.generation)) {
      timer.cancel();
      timer = undefined;
    }
    if (stopWatching !== undefined && wanted.page === 'unwatched') {
      stopWatching();
      stopWatching = undefined;
    }
  };

  /** Acquires the first thing that the state wants and that is missing. */
  const acquire = (): 'something' | 'nothing' => {
    const wanted = resourcesOf(machine);
    const { generation } = machine.memory;
    if (stopWatching === undefined && wanted.page === 'watched') {
      stopWatching = runtime.lifecycle.onWake(() => dispatch({ type: 'wake' }));
    } else if (timer === undefined && wanted.dueAt !== undefined) {
      timer = { dueAt: wanted.dueAt, generation, cancel: startTimer(wanted.dueAt) };
    } else if (attempt === undefined && wanted.attempt !== undefined) {
      delivery.beginAlone();
      attempt = openAttempt(wanted.attempt, undefined);
    } else if (successor === undefined && wanted.successor !== undefined) {
      const generationOfSuccessor = wanted.successor;
      delivery.beginHandover();
      successor = openAttempt(generationOfSuccessor, () =>
        dispatch({ type: 'live', generation: generationOfSuccessor }),
      );
    } else if (wanted.reportBytes === 'yes' && attempt !== undefined && reportedBytes !== attempt.generation) {
      const reported = attempt.generation;
      reportedBytes = reported;
      attempt.handle.onNextBytes(() => {
        reportedBytes = undefined;
        dispatch({ type: 'bytes', generation: reported });
      });
    } else if (machine.status === 'interaction-required' && interaction === undefined) {
      interaction = { generation, controller: new AbortController() };
      waitForInteraction(machine.error, generation, interaction.controller.signal);
    } else {
      return 'nothing';
    }
    return 'something';
  };

  const startTimer = (dueAt: number): (() => void) => {
    const ms = Math.max(dueAt - runtime.monotonicNow(), 0);
    const onTimer = (): void => {
      timer = undefined;
      // A wait that is longer than a timer can be is continued.
      if (ms > maxTimerMs) run();
      else dispatch({ type: 'due', connection: attempt?.handle.activity ?? 'reading' });
    };
    return runtime.setTimer(onTimer, Math.min(ms, maxTimerMs));
  };

  const openAttempt = (generation: number, live: (() => void) | undefined): RunningAttempt => {
    const handle = startAttempt(settings, tokens, machine.memory.refusal, {
      live,
      lastEventId: delivery.resumeId,
      consumer: delivery,
      prepared: (url) => (href = url.href),
      sent: () => dispatch({ type: 'sent', generation }),
      answered: () => dispatch({ type: 'answered', generation }),
      opened: (connection) => dispatch({ type: 'opened', generation, connection }),
      ended: (end) => dispatch({ type: 'ended', generation, end }),
      retry: (delayMs) => dispatch({ type: 'retry', generation, delayMs }),
      rotate: (withinMs) => dispatch({ type: 'rotate', generation, withinMs }),
    });
    return { generation, handle };
  };

  const waitForInteraction = (error: SseError, generation: number, signal: AbortSignal): void => {
    const abandoned = (): void => dispatch({ type: 'abandoned', generation });
    // An error of another origin may lack it; one that throws counts as one that rejects.
    Promise.resolve()
      .then(() => {
        const { settled } = error as { settled?: (signal: AbortSignal) => PromiseLike<void> };
        if (typeof settled !== 'function') throw error;
        return settled.call(error, signal);
      })
      .then(() => dispatch({ type: 'settled', generation }), abandoned);
  };

  return {
    get state() {
      return machine.visible;
    },
    get url() {
      return href;
    },
    delivery,
    dispatch,
  };
}

/** A reporter that throws has nobody to report to; it must not stop the stream. */
function reportSafely(reportError: (error: unknown) => void): (error: unknown) => void {
  return (error) => {
    try {
      reportError(error);
    } catch {
      // See above.
    }
  };
}

/** Work of one session that may be one of thousands, such as writing a page. Returns how many bytes it wrote. Must not throw. */
type Step = () => number;

export interface PacerOptions {
  /** Runs a task in a later turn of the event loop, after I/O. */
  readonly schedule: (task: () => void) => void;
  readonly maxStepsPerTurn: number;
  readonly maxBytesPerTurn: number;
}

export interface Pacer {
  /** Runs the step in a later turn, in the order of the calls. */
  add(step: Step): void;
  /** Resolves in a later turn, in the order of the calls: what follows counts as a step. */
  turn(): Promise<void>;
}

/**
 * Spreads the work of many sessions over turns of the event loop: when a thousand clients reconnect at once, none of them may keep the
 * loop from everybody else. The limit is work and not time, so that it needs no clock and a test sees the same turns every time.
 */
export function createPacer({ schedule, maxStepsPerTurn, maxBytesPerTurn }: PacerOptions): Pacer {
  // Two arrays instead of shift(), which is O(n) for long queues.
  let waiting: Step[] = [];
  let current: Step[] = [];
  let next = 0;
  let isScheduled = false;

  function takeNext(): Step | undefined {
    if (next >= current.length) {
      current = waiting;
      waiting = [];
      next = 0;
    }
    const step = current[next];
    next += 1;
    return step;
  }

  function runTurn(): void {
    isScheduled = false;
    let bytes = 0;
    for (let steps = 0; steps < maxStepsPerTurn && bytes < maxBytesPerTurn; steps += 1) {
      const step = takeNext();
      if (step === undefined) return;
      bytes += step();
    }
    scheduleTurn();
  }

  function scheduleTurn(): void {
    if (isScheduled) return;
    isScheduled = true;
    schedule(runTurn);
  }

  function add(step: Step): void {
    waiting.push(step);
    scheduleTurn();
  }

  return {
    add,
    turn: () =>
      new Promise((resolve) => {
        add(() => {
          resolve();
          return 0;
        });
      }),
  };
}

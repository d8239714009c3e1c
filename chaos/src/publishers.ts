import type { Ledger, Outcome } from './ledger.ts';

/** Publishes on each topic, one event after the other, and writes down what became of each. */
export interface Publishers {
  readonly ledger: Ledger;
  readonly acknowledged: number;
  /** Stops between two events. Resolves once no request is open. */
  pause(): Promise<void>;
  resume(): void;
  /** What is published from here on will be lost, until the next pause. */
  expectLoss(): void;
  /** Publishes one last event on each topic, until it is acknowledged. */
  finish(): Promise<void>;
}

const requestTimeoutMs = 8_000;

export function startPublishers(url: string, topics: readonly string[], everyMs: number): Publishers {
  const ledger = new Map<string, Map<number, Outcome>>(topics.map((topic) => [topic, new Map()]));
  let isPaused = false;
  let isFinished = false;
  let outcome: Outcome = 'acknowledged';
  let acknowledged = 0;
  let resumed = Promise.withResolvers<undefined>();
  let open = 0;
  let onQuiet: (() => void) | undefined;

  async function publish(topic: string, number: number): Promise<boolean> {
    const entries = ledger.get(topic);
    entries?.set(number, 'unknown');
    open += 1;
    try {
      const response = await fetch(`${url}/publish?topic=${topic}&number=${number}`, {
        method: 'POST',
        signal: AbortSignal.timeout(requestTimeoutMs),
      });
      await response.text();
      if (!response.ok) return false;
      entries?.set(number, outcome);
      acknowledged += 1;
      return true;
    } catch {
      // It may have been stored or not.
      return false;
    } finally {
      open -= 1;
      if (open === 0) onQuiet?.();
    }
  }

  async function run(topic: string): Promise<void> {
    for (let number = 1; ; number += 1) {
      if (isPaused) await resumed.promise;
      if (isFinished) {
        while (!(await publish(topic, number))) number += 1;
        return;
      }
      await publish(topic, number);
      await new Promise((resolve) => setTimeout(resolve, everyMs));
    }
  }

  const running = Promise.all(topics.map(run));
  return {
    ledger,
    get acknowledged() {
      return acknowledged;
    },
    async pause() {
      isPaused = true;
      resumed = Promise.withResolvers();
      if (open > 0) await new Promise<void>((resolve) => (onQuiet = resolve));
      onQuiet = undefined;
      outcome = 'acknowledged';
    },
    resume() {
      isPaused = false;
      resumed.resolve(undefined);
    },
    expectLoss() {
      outcome = 'withdrawn';
    },
    async finish() {
      isFinished = true;
      await running;
    },
  };
}

/** Gathers what is added in a tick, and gives it on in batches, one at a time, so that everything keeps its order. */
export interface Batches<Item> {
  add(item: Item): void;
  /** Whether a batch is being run, or will be. */
  readonly isBusy: boolean;
}

export interface BatchesOptions<Item> {
  readonly maxItems: number;
  readonly maxBytes: number;
  readonly bytesOf: (item: Item) => number;
  /** Must not reject. */
  readonly run: (batch: readonly Item[]) => Promise<void>;
  /** Nothing is left. */
  readonly onIdle: () => void;
}

export function createBatches<Item>({ maxItems, maxBytes, bytesOf, run, onIdle }: BatchesOptions<Item>): Batches<Item> {
  const queued: Item[] = [];
  let isBusy = false;

  function take(): Item[] {
    let count = 0;
    for (let bytes = 0; count < Math.min(queued.length, maxItems); count += 1) {
      bytes += bytesOf(queued[count] as Item);
      if (count > 0 && bytes > maxBytes) break;
    }
    return queued.splice(0, count);
  }

  async function runAll(): Promise<void> {
    while (queued.length > 0) await run(take());
    isBusy = false;
    onIdle();
  }

  return {
    add(item) {
      queued.push(item);
      if (!isBusy) setImmediate(() => void runAll());
      isBusy = true;
    },
    get isBusy() {
      return isBusy;
    },
  };
}

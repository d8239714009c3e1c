import type { DemoContext } from '../demo-context.ts';

/** Stores the last price of each symbol. A price that cannot be stored, for example on a full disk, is shown all the same. */
export function createPriceMemory({ stores, logging }: Pick<DemoContext, 'stores' | 'logging'>): {
  get(symbol: string): number | undefined;
  set(symbol: string, price: number): void;
} {
  const table = stores.state.table<number>('price', { perOwner: 1_000, past: 'forget-own' });
  return {
    get: (symbol) => table.get(symbol),
    set(symbol, price) {
      try {
        table.set(symbol, price, 'feed');
      } catch (error) {
        logging.app.debug({ err: error }, 'a price could not be stored');
      }
    },
  };
}

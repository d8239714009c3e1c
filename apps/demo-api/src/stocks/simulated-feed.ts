import type { StockSymbol } from 'demo-contract';
import { createRandom } from '../seeded-random.ts';
import type { PriceFeed } from './price-feed.ts';

/** Companies of Microsoft's samples. The prices are invented. */
const symbols: readonly StockSymbol[] = [
  { symbol: 'ADVW', name: 'Adventure Works' },
  { symbol: 'CONT', name: 'Contoso' },
  { symbol: 'FABR', name: 'Fabrikam' },
  { symbol: 'LITW', name: 'Litware' },
  { symbol: 'MSFT', name: 'Microsoft' },
  { symbol: 'NWTR', name: 'Northwind Traders' },
  { symbol: 'PROS', name: 'Proseware' },
  { symbol: 'TAIL', name: 'Tailspin Toys' },
  { symbol: 'TREY', name: 'Trey Research' },
  { symbol: 'WIDE', name: 'Wide World Importers' },
  { symbol: 'WING', name: 'Wingtip Toys' },
  { symbol: 'WOOD', name: 'Woodgrove Bank' },
];

/** Stores the last price of each symbol, so that a restart continues from it. */
interface PriceMemory {
  get(symbol: string): number | undefined;
  set(symbol: string, price: number): void;
}

export interface SimulatedFeedOptions {
  readonly intervalMs: number;
  readonly memory: PriceMemory;
  /** The same seed gives the same prices. @default 1 */
  readonly seed?: number;
}

/** Prices that change at random, for each symbol separately, while it is watched. */
export function createSimulatedFeed({ intervalMs, memory, seed = 1 }: SimulatedFeedOptions): PriceFeed {
  const walks = new Map(
    symbols.map(({ symbol }, index) => [symbol, createWalk(seed * 1_000 + index, memory.get(symbol))]),
  );
  return {
    source: 'simulated',
    symbols,
    watch(symbol, onPrice) {
      const walk = walks.get(symbol);
      if (walk === undefined) throw new RangeError(`There is no symbol ${symbol} in this feed.`);
      onPrice(walk.price, walk.first);
      const timer = setInterval(() => {
        memory.set(symbol, walk.step());
        onPrice(walk.price, walk.first);
      }, intervalMs);
      return () => clearInterval(timer);
    },
  };
}

/** @param last the stored price. Default: the first price. */
function createWalk(seed: number, last?: number): { readonly first: number; readonly price: number; step(): number } {
  const random = createRandom(seed);
  const first = round(20 + 380 * random());
  let price = last ?? first;
  return {
    first,
    get price() {
      return price;
    },
    step() {
      // Up or down by 0.5 % at most, and never to zero.
      price = Math.max(0.01, round(price * (1 + (random() - 0.5) / 100)));
      return price;
    },
  };
}

function round(price: number): number {
  return Math.round(price * 100) / 100;
}

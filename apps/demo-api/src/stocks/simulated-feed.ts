import type { StockSymbol } from 'demo-contract';
import { createRandom } from '../seeded-random.ts';
import type { PriceFeed } from './price-feed.ts';

/** Companies of Microsoft's samples; none of these prices is anybody's. */
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

/** Where the last price of each symbol is kept, so that a walk goes on where it was. */
interface PriceMemory {
  get(symbol: string): number | undefined;
  set(symbol: string, price: number): void;
}

export interface SimulatedFeedOptions {
  readonly intervalMs: number;
  readonly memory: PriceMemory;
  /** The same seed gives the same prices. Default 1. */
  readonly seed?: number;
}

/** Prices that walk at random, each symbol on its own, while somebody watches it. */
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

/** @param last where the walk was. Default: at its first price. */
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
      // Up or down by 0.5 % at most, and never to nothing.
      price = Math.max(0.01, round(price * (1 + (random() - 0.5) / 100)));
      return price;
    },
  };
}

function round(price: number): number {
  return Math.round(price * 100) / 100;
}

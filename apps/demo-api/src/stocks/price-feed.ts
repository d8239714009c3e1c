import type { StockPrice, StockSymbol } from 'demo-contract';

/** Where prices come from: the seam for a real feed. */
export interface PriceFeed {
  readonly source: StockPrice['source'];
  readonly symbols: readonly StockSymbol[];
  /**
   * Calls back with the price of a symbol as it is, and again whenever it changes. The answer ends it.
   *
   * @param onPrice gets the first price of all too, to tell the change from.
   */
  watch(symbol: string, onPrice: (price: number, firstPrice: number) => void): () => void;
}

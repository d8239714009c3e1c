import type { StockPrice, StockSymbol } from 'demo-contract';

/** The source of prices. A real feed would implement this interface. */
export interface PriceFeed {
  readonly source: StockPrice['source'];
  readonly symbols: readonly StockSymbol[];
  /**
   * Calls back with the current price of a symbol, and again whenever it changes.
   *
   * @param onPrice also receives the very first price, from which the change is computed.
   * @returns a function that stops it.
   */
  watch(symbol: string, onPrice: (price: number, firstPrice: number) => void): () => void;
}

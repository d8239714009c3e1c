/** `GET stocks`: what `stocks/stream?symbols=MSFT,CONT` takes, at most ten at once. */
export interface StockSymbol {
  readonly symbol: string;
  readonly name: string;
}

/** An event of `stocks/stream?symbols=…`. */
export interface StockPrice {
  readonly symbol: string;
  readonly price: number;
  /** Since the first price, in percent. */
  readonly change: number;
  /** Where the price is from. A simulated one must be labelled so wherever it is shown. */
  readonly source: 'simulated' | 'feed';
  /** ISO 8601. */
  readonly at: string;
}

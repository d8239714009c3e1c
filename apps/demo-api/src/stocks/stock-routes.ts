import type { StreamDefinition } from '@sillage/server';
import type { StockPrice } from 'demo-contract';
import type { Router } from 'express';
import type { DemoContext } from '../demo-context.ts';
import { whileListened } from '../live/while-listened.ts';
import type { PriceFeed } from './price-feed.ts';

const prefix = 'stocks/';
const maxSymbols = 10;

/** `GET stocks`. @returns the stream `GET stocks/stream?symbols=…`. */
export function stockRoutes(router: Router, context: DemoContext, feed: PriceFeed): StreamDefinition {
  const { live, listeners, onClose } = context;
  const known = feed.symbols.map(({ symbol }) => symbol);
  const stop = whileListened({
    listeners,
    prefix,
    start(topic) {
      const symbol = topic.slice(prefix.length);
      return feed.watch(symbol, (price, firstPrice) => {
        const change = Math.round((10_000 * (price - firstPrice)) / firstPrice) / 100;
        const data: StockPrice = { symbol, price, change, source: feed.source, at: new Date().toISOString() };
        live.send(topic, { data });
      });
    },
  });
  onClose(stop);

  router.get('/stocks', (_request, response) => {
    response.json(feed.symbols);
  });

  return {
    hub: live.hub,
    authorize({ query }) {
      const symbols = readSymbols(query);
      const choose = `choose 1 to ${maxSymbols} of ${known.join(', ')}.`;
      if (symbols.length === 0 || symbols.length > maxSymbols) {
        return { kind: 'bad-request', code: 'invalid-symbols', detail: `No symbol, or too many: ${choose}` };
      }
      if (symbols.every((symbol) => known.includes(symbol))) return 'allow';
      return { kind: 'not-found', code: 'unknown-symbol', detail: `Unknown symbol: ${choose}` };
    },
    topics: ({ query }) => readSymbols(query).map((symbol) => `${prefix}${symbol}`),
  };
}

function readSymbols(query: URLSearchParams): string[] {
  const symbols = query.getAll('symbols').flatMap((list) => list.split(','));
  return [...new Set(symbols.map((symbol) => symbol.trim().toUpperCase()).filter((symbol) => symbol !== ''))];
}

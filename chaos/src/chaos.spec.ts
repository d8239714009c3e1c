import { expect, it } from 'vitest';
import { nothingWrong } from './ledger.ts';
import { runChaos } from './run-chaos.ts';

// A bounded form of `npm run chaos`: each kind of fault once.
it.each(['redis', 'postgres'] as const)('loses, repeats and reorders nothing on %s, whatever fails', async (engine) => {
  const lines: string[] = [];
  const result = await runChaos({
    engine,
    clients: 20,
    faults: 11,
    maxMs: Infinity,
    everyMs: 300,
    seed: 2,
    say: (line) => lines.push(line),
  });
  const { verdict, stuck, published } = result;
  expect({ verdict, stuck }, lines.join('\n')).toEqual({ verdict: nothingWrong, stuck: [] });
  expect(published).toBeGreaterThan(100);
  console.log(`${engine}: ${result.faults} faults, ${published} events, 0 lost, 0 duplicated, 0 out of order`);
});

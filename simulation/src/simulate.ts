import { parseArgs } from 'node:util';
import { runHistory } from './history.ts';

// npm run simulate -- --seeds 1000 [--from 0] [--first]; --seed 7 --trace replays one; --mutants plants bugs and looks for them.
const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '1000' },
    from: { type: 'string', default: '0' },
    seed: { type: 'string' },
    trace: { type: 'boolean', default: false },
    first: { type: 'boolean', default: false },
    mutants: { type: 'boolean', default: false },
  },
});
if (values.mutants) {
  await import('./mutants.ts');
  process.exit();
}
const from = Number(values.seed ?? values.from);
const count = values.seed === undefined ? Number(values.seeds) : 1;
const began = performance.now();
let failed = 0;
let events = 0;
for (let seed = from; seed < from + count; seed += 1) {
  const outcome = await runHistory(seed).catch((error: unknown) => ({
    faults: [`threw: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`],
    trace: [],
    events: 0,
  }));
  events += outcome.events;
  if (values.trace) console.log(outcome.trace.join('\n'));
  if (outcome.faults.length === 0) continue;
  failed += 1;
  console.log(`seed ${seed}: ${outcome.faults.slice(0, 3).join(' ')}`);
  if (failed >= 20 || values.first) break;
}
const seconds = (performance.now() - began) / 1_000;
console.log(
  `simulated ${count} histories, ${events} events: ${failed} failed (${Math.round(count / seconds)} histories/s)`,
);
process.exitCode = failed > 0 ? 1 : 0;

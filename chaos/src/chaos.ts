import { parseArgs } from 'node:util';
import type { EngineName } from './engines.ts';
import { runChaos } from './run-chaos.ts';

// `npm run chaos`: both engines; `-- --engine redis` one of them, `--faults`, `--clients`, `--seed`. `npm run soak`: faults for ten minutes on each.
const { values } = parseArgs({
  options: {
    engine: { type: 'string' },
    faults: { type: 'string' },
    minutes: { type: 'string' },
    clients: { type: 'string', default: '200' },
    seed: { type: 'string', default: '1' },
  },
});
const faultCount = Number(values.faults ?? (values.minutes === undefined ? 100 : Infinity));
const engines: readonly EngineName[] =
  values.engine === undefined ? ['redis', 'postgres'] : [values.engine as EngineName];
for (const engine of engines) {
  console.log(
    `${engine}: ${values.clients} clients, 2 nodes, ${values.minutes === undefined ? `${faultCount} faults` : `${values.minutes} minutes`}, seed ${values.seed}`,
  );
  const { faults, faultsByKind, published, delivered, verdict, stuck } = await runChaos({
    engine,
    clients: Number(values.clients),
    faults: faultCount,
    maxMs: Number(values.minutes ?? Infinity) * 60_000,
    everyMs: 1_500,
    seed: Number(values.seed),
    say: (line) => console.log(`  ${line}`),
  });
  for (const [kind, count] of Object.entries(faultsByKind)) console.log(`  ${count} × ${kind}`);
  const { lost, duplicated, outOfOrder, needlessGaps, invented } = verdict;
  for (const client of stuck) console.log(`  stuck: ${client}`);
  console.log(`  ${delivered} deliveries, ${needlessGaps} needless gaps, ${invented} invented, ${stuck.length} stuck`);
  console.log(
    `chaos: ${faults} faults, ${published} events, ${lost} lost, ${duplicated} duplicated, ${outOfOrder} out of order`,
  );
  if (lost + duplicated + outOfOrder + needlessGaps + invented + stuck.length > 0) process.exitCode = 1;
}
// Not when nothing is left to do: Node 24 can spin there, after sockets were reset.
process.exit();

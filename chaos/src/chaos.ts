import { parseArgs } from 'node:util';
import type { EngineName } from './engines.ts';
import { runChaos } from './run-chaos.ts';

// `npm run chaos`: both engines; `-- --engine redis` one of them, `--faults`, `--clients`, `--seed`.
const { values } = parseArgs({
  options: {
    engine: { type: 'string' },
    faults: { type: 'string', default: '100' },
    clients: { type: 'string', default: '200' },
    seed: { type: 'string', default: '1' },
  },
});
const engines: readonly EngineName[] =
  values.engine === undefined ? ['redis', 'postgres'] : [values.engine as EngineName];
for (const engine of engines) {
  console.log(`${engine}: ${values.clients} clients, 2 nodes, ${values.faults} faults, seed ${values.seed}`);
  const { faults, faultsByKind, published, delivered, verdict, stuck } = await runChaos({
    engine,
    clients: Number(values.clients),
    faults: Number(values.faults),
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

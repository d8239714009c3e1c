// Prevents: contenders that warm up, or spoil, each other's code. One process measures one contender in one case and prints the median of
// its runs in ms.
import { contenders } from './client-contenders.mjs';
import { cases, createFixture } from './client-fixtures.mjs';

const [name, index] = process.argv.slice(2);
const fixture = createFixture(cases[Number(index)]);
const read = contenders[name];
const budgetMs = 1_200;

const times = [];
const began = performance.now();
for (let run = 0; run < 40 && (run < 3 || performance.now() - began < budgetMs); run += 1) {
  const start = performance.now();
  await read(fixture);
  times.push(performance.now() - start);
}
// The first runs warm up, unless one run takes all the time there is.
const measured = times.length > 6 ? times.slice(Math.floor(times.length / 3)) : times.slice(-1);
measured.sort((a, b) => a - b);
console.log(JSON.stringify({ ms: measured[Math.floor(measured.length / 2)], bytes: fixture.bytes }));
process.exit(0);

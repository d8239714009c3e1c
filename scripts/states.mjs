// Prevents: a table of the client's states that says something else than the code. It runs the machine on a sample of every state and
// every input. `node scripts/states.mjs update` writes packages/client/STATES.md; without `update` it compares.
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { format, resolveConfig } from 'prettier';
import { root } from './toolchain.mjs';

const stream = (name) => import(join(root, 'packages', 'client', 'src', 'stream', name));
const { transition } = await stream('machine.ts');
const { resourcesOf } = await stream('resources.ts');
const { machineSamples } = await stream('machine-samples.fixture.ts');
const { stateNotes, inputNotes, ignoredBecause, transitionNotes } = await stream('machine-notes.fixture.ts');

const { context, states, inputs } = machineSamples();
const types = Object.keys(inputNotes);
const row = (...cells) => `| ${cells.join(' | ')} |`;
const table = (head, rows) => [row(...head), row(...head.map(() => '---')), ...rows].join('\n');

function resources(state) {
  const { attempt, successor, interaction, dueAt, reportBytes, page } = resourcesOf(state);
  const held = [
    attempt === undefined ? [] : ['the attempt or connection'],
    successor === undefined ? [] : ['the successor of the connection'],
    dueAt === undefined ? [] : ['a timer'],
    interaction === undefined ? [] : ['the user interaction'],
    reportBytes === 'no' ? [] : ['a notice of the next bytes'],
    page === 'unwatched' ? [] : ['the listeners of the page'],
  ].flat();
  return held.length === 0 ? 'nothing' : held.join(', ');
}

/** The states that the samples of one input lead to. A wake-up is sampled early and late. */
function targets(state, type) {
  const generations = [state.memory.generation, ...(state.status === 'rotating' ? [state.connection] : [])];
  const samples = generations.flatMap(inputs).filter((input) => input.type === type);
  const times = [context, { ...context, nowMs: state.memory.startedAt }];
  const networks = ['online', 'offline'];
  const next = samples.flatMap((input) =>
    times.flatMap((time) => networks.map((network) => transition(state, input, { ...time, network }))),
  );
  return next.every((other) => other === state) ? undefined : [...new Set(next.map(({ status }) => status))];
}

const code = (name) => `\`${name}\``;

/** One row of the matrix: the next states of every input; `–` if it is ignored. */
function matrixRow(state) {
  const cells = types.map((type) => targets(state, type)?.map(code).join(', ') ?? '–');
  return row(`[${code(state.status)}](#${state.status})`, ...cells);
}

function section(state) {
  const rows = [];
  const ignored = [];
  for (const type of types) {
    const next = targets(state, type);
    const note = transitionNotes[state.status][type];
    if ((next === undefined) !== (note === undefined)) {
      throw new Error(`machine-notes.fixture.ts does not match the machine: ${state.status}, ${type}.`);
    }
    if (next === undefined) ignored.push(code(type));
    else rows.push(row(code(type), next.map(code).join(', '), note));
  }
  const changes = rows.length === 0 ? '' : `\n\n${table(['input', 'next state', 'what happens'], rows)}`;
  return `## ${state.status}\n\n${stateNotes[state.status]}${changes}\n\nIgnored: ${ignored.join(', ')}.`;
}

const text = `# States of a stream

Generated from the code by \`node scripts/states.mjs update\`: the machine was run on a sample of every state and every input.

A stream is a pure function from state and input to the next state (\`src/stream/machine.ts\`). What has to happen follows from it: subscribers
are notified if \`stream.state\` changed, and the resources of the new state are acquired, those of the old one given up. An event never changes the
state: it goes from the reader to the subscribers. Every attempt has a number, and an input of an earlier attempt is ignored in every state.

## All states

${table(
  ['state', '`stream.state.status`', 'what exists in it', 'meaning'],
  states.map((state) =>
    row(
      `[\`${state.status}\`](#${state.status})`,
      `\`${state.visible.status}\``,
      resources(state),
      stateNotes[state.status],
    ),
  ),
)}

## All inputs

${table(
  ['input', 'meaning', 'ignored in some states, because'],
  types.map((type) => row(code(type), inputNotes[type], ignoredBecause[type])),
)}

## Every state and every input

The next state; \`–\`: the input is ignored. Where several are possible, the section of the state says which.

${table(['state', ...types.map(code)], states.map(matrixRow))}

${states.map(section).join('\n\n')}
`;
const file = join(root, 'packages', 'client', 'STATES.md');
const formatted = await format(text, { ...(await resolveConfig(file)), parser: 'markdown' });
if (process.argv.includes('update')) await writeFile(file, formatted);
else if ((await readFile(file, 'utf8').catch(() => '')) !== formatted) {
  console.error('packages/client/STATES.md does not match the code: run `node scripts/states.mjs update` and commit.');
  process.exitCode = 1;
}

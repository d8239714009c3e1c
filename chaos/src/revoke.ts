import { mkdir, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { startCluster } from './cluster.ts';
import { startEngine } from './engines.ts';
import type { EngineName } from './engines.ts';

// `npm run bench:revoke`: opens 10,000 streams of one user on two nodes, revokes the user on one of them, and measures when each stream ends.
const streamCount = 10_000;
const engines: readonly EngineName[] = ['redis', 'postgres'];
process.env.TOKEN_MS = '600000';

async function measure(name: EngineName): Promise<number[]> {
  const engine = await startEngine(name);
  const cluster = await startCluster(name, engine.port, 2);
  try {
    const sockets: Socket[] = [];
    // In groups, so that the queue of connections does not overflow.
    for (let first = 0; first < streamCount; first += 250) {
      sockets.push(...(await Promise.all(Array.from({ length: 250 }, (_, at) => open(cluster.portOf(at % 2) ?? 0)))));
    }
    const endedAt = Promise.all(sockets.map((socket) => ended(socket)));
    const startedAt = performance.now();
    const response = await fetch(`http://127.0.0.1:${cluster.portOf(0)}/revoke?user=alice`, { method: 'POST' });
    if (!response.ok) throw new Error(`The revocation was answered by ${response.status}.`);
    return (await endedAt).map((at) => at - startedAt).sort((left, right) => left - right);
  } finally {
    await cluster.close();
    await engine.remove();
  }
}

/** Resolves once the stream has sent its position. */
function open(port: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1');
    let text = '';
    const onData = (chunk: Buffer): void => {
      text += chunk.toString();
      if (!text.includes('id: ')) return;
      socket.off('data', onData);
      socket.resume();
      resolve(socket);
    };
    socket.on('data', onData);
    socket.once('error', reject);
    socket.write(
      'GET /events?topics=news HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer alice\r\nConnection: close\r\n\r\n',
    );
  });
}

function ended(socket: Socket): Promise<number> {
  return new Promise((resolve) => {
    socket.once('end', () => resolve(performance.now()));
    socket.once('close', () => resolve(performance.now()));
  });
}

const rows: string[] = [];
for (const name of engines) {
  const times = await measure(name);
  const at = (share: number): string =>
    (times[Math.min(times.length - 1, Math.floor(times.length * share))] ?? NaN).toFixed(0);
  rows.push(`| ${name} | ${at(0)} | ${at(0.5)} | ${at(0.99)} | ${at(1)} |`);
}
const table = ['| engine | first | p50 | p99 | last |', '| --- | --- | --- | --- | --- |', ...rows].join('\n');
console.log(table);
const folder = new URL('../../bench/results/', import.meta.url);
await mkdir(folder, { recursive: true });
await writeFile(
  new URL('revoke.md', folder),
  `# Revoking a user with ${streamCount} streams on two nodes\n\nWritten by \`npm run bench:revoke\`: ms from the request on one node until a stream has ended, the clients, both nodes and the engine on one machine.\n\n${table}\n`,
);
// Not when nothing is left to do: Node 24 can spin there, after sockets were reset.
process.exit();

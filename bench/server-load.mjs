// The clients, in a separate process: plain sockets, so that they cost little. Driven over IPC by bench/server.mjs.
import { performance } from 'node:perf_hooks';
import { connect } from 'node:net';

const sockets = new Set();
let events = 0;
let target = Infinity;
let onTarget;
const marker = Buffer.from('data:');

/** `data:` can be split over two chunks; at 100 bytes an event, the few that are missed so do not count. */
function count(chunk) {
  for (let at = chunk.indexOf(marker); at !== -1; at = chunk.indexOf(marker, at + 5)) events += 1;
  if (events >= target) onTarget?.();
}

function open(port, lastEventId, index) {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.write(
        `GET /news HTTP/1.1\r\nHost: bench\r\nAuthorization: Bearer user${index}\r\nAccept: text/event-stream\r\n` +
          `${lastEventId === undefined ? '' : `Last-Event-ID: ${lastEventId}\r\n`}\r\n`,
      );
    });
    socket.once('data', () => resolve());
    socket.on('data', count);
    socket.on('error', reject);
    socket.on('close', () => sockets.delete(socket));
    sockets.add(socket);
  });
}

const actions = {
  async open({ port, sessions, lastEventId }) {
    const began = performance.now();
    await Promise.all(Array.from({ length: sessions }, (_, index) => open(port, lastEventId, index)));
    return { ms: performance.now() - began };
  },
  /** Opens sessions that have missed events, and waits until all have them. */
  async storm({ port, sessions, positions, expected }) {
    events = 0;
    target = expected * 0.999;
    const all = new Promise((resolve) => (onTarget = resolve));
    const began = performance.now();
    for (let index = 0; index < sessions; index += 1) {
      void open(port, positions[index % positions.length], index).catch(() => undefined);
    }
    await Promise.race([all, new Promise((resolve) => setTimeout(resolve, 30_000))]);
    target = Infinity;
    return { ms: performance.now() - began, events };
  },
  async reset() {
    events = 0;
    return {};
  },
  async counted() {
    return { events };
  },
  async close() {
    for (const socket of sockets) socket.destroy();
    return {};
  },
};

process.on('message', async ({ id, action, ...options }) => {
  try {
    process.send({ id, result: await actions[action](options) });
  } catch (error) {
    process.send({ id, error: String(error?.stack ?? error) });
  }
});
process.send({ ready: true });

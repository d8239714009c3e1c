import { connect, createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';

interface Link {
  readonly inner: Socket;
  readonly outer: Socket;
  /** What does not pass, and nobody is told: a network that swallows everything, or the answers only. */
  swallowed: 'nothing' | 'answers' | 'everything';
}

/** A TCP proxy on the loopback interface whose connections can fail in all the ways that networks have. */
export interface FaultyProxy {
  readonly port: number;
  readonly linkCount: number;
  /** Ends a share of the connections with a reset. */
  reset(share: number, random: () => number): void;
  /**
   * Swallows what a share of the connections carry, or the answers only: what was asked is done, and nobody hears of it. They end when the time is
   * over, as a router would end them.
   */
  swallow(share: number, forMs: number, random: () => number, swallowed?: 'answers' | 'everything'): void;
  /** Lets nothing pass on a share of the connections for a while, and then everything. */
  stall(share: number, forMs: number, random: () => number): void;
  close(): Promise<void>;
}

/** Node 24 spins at the end of the process if a socket was reset twice. */
function reset(socket: Socket): void {
  if (socket.connecting || socket.destroyed) socket.destroy();
  else socket.resetAndDestroy();
}

/** @param choosePort where the next connection goes: called until one can be made. `undefined`: nowhere. */
export async function startProxy(choosePort: (attempt: number) => number | undefined): Promise<FaultyProxy> {
  const links = new Set<Link>();

  function open(inner: Socket, attempt: number): void {
    const port = attempt < 4 ? choosePort(attempt) : undefined;
    if (port === undefined) {
      reset(inner);
      return;
    }
    const outer = connect(port, '127.0.0.1');
    const onRefused = (): void => open(inner, attempt + 1);
    outer.once('error', onRefused);
    outer.once('connect', () => {
      outer.off('error', onRefused);
      join(inner, outer);
    });
  }

  function join(inner: Socket, outer: Socket): void {
    const link: Link = { inner, outer, swallowed: 'nothing' };
    links.add(link);
    for (const [from, to] of [
      [inner, outer],
      [outer, inner],
    ] as const) {
      from.on('data', (chunk) => {
        if (link.swallowed === 'everything' || (link.swallowed === 'answers' && from === outer)) return;
        if (to.write(chunk)) return;
        from.pause();
        to.once('drain', () => from.resume());
      });
      from.on('end', () => {
        if (link.swallowed === 'nothing') to.end();
      });
      from.on('error', () => undefined);
      from.on('close', () => {
        if (link.swallowed !== 'nothing') return;
        links.delete(link);
        to.destroy();
      });
    }
  }

  function end(link: Link): void {
    links.delete(link);
    reset(link.inner);
    reset(link.outer);
  }

  const some = (share: number, random: () => number): Link[] => [...links].filter(() => random() < share);

  const server = createServer({ allowHalfOpen: true, pauseOnConnect: false }, (inner) => {
    inner.on('error', () => undefined);
    open(inner, 0);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    get linkCount() {
      return links.size;
    },
    reset(share, random) {
      for (const link of some(share, random)) end(link);
    },
    swallow(share, forMs, random, swallowed = 'everything') {
      const chosen = some(share, random);
      for (const link of chosen) link.swallowed = swallowed;
      setTimeout(() => {
        for (const link of chosen) end(link);
      }, forMs);
    },
    stall(share, forMs, random) {
      const chosen = some(share, random);
      for (const { inner, outer } of chosen) for (const socket of [inner, outer]) socket.pause();
      setTimeout(() => {
        for (const { inner, outer } of chosen) for (const socket of [inner, outer]) socket.resume();
      }, forMs);
    },
    async close() {
      for (const link of links) end(link);
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

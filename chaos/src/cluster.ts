import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import type { EngineName } from './engines.ts';
import { startProxy } from './proxy.ts';
import type { FaultyProxy } from './proxy.ts';

interface Node {
  readonly child: ChildProcess;
  readonly port: number;
  /** Between the node and its engine. */
  readonly toEngine: FaultyProxy;
  isTakingConnections: boolean;
}

/** Nodes behind a load balancer, which knows which of them take connections, and which of them are up. */
export interface Cluster {
  /** Between clients and nodes. */
  readonly balancer: FaultyProxy;
  readonly url: string;
  /** Where a node listens, past the balancer. */
  portOf(index: number): number | undefined;
  /** The connections of one node to the engine. */
  toEngineOf(index: number): FaultyProxy | undefined;
  /** Ends a node at once, and starts another in its place. */
  kill(index: number): Promise<void>;
  /** Replaces a node as a deploy does: the next one takes connections before the old one drains. */
  roll(index: number): Promise<void>;
  /** Sets a node's clock. */
  stepClock(index: number, byMs: number): void;
  close(): Promise<void>;
}

export async function startCluster(engine: EngineName, enginePort: number, size: number): Promise<Cluster> {
  const nodes: (Node | undefined)[] = [];
  const everStarted = new Set<Node>();
  let turn = 0;

  async function startNode(): Promise<Node> {
    const toEngine = await startProxy(() => enginePort);
    for (;;) {
      const child = fork(new URL('./node-process.ts', import.meta.url), {
        env: { ...process.env, ENGINE: engine, ENGINE_PORT: String(toEngine.port) },
        stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
      });
      const [message] = (await Promise.race([once(child, 'message'), once(child, 'exit').then(() => [undefined])])) as [
        { port: number } | undefined,
      ];
      // It could not reach its engine: a platform starts it again.
      if (message === undefined) continue;
      const node = { child, toEngine, port: message.port, isTakingConnections: true };
      everStarted.add(node);
      return node;
    }
  }

  async function end(node: Node | undefined, signal: 'SIGKILL' | 'SIGTERM'): Promise<void> {
    if (node === undefined) return;
    node.isTakingConnections = false;
    if (node.child.exitCode === null && node.child.signalCode === null) {
      node.child.kill(signal);
      await once(node.child, 'exit');
    }
    await node.toEngine.close();
    everStarted.delete(node);
  }

  nodes.push(...(await Promise.all(Array.from({ length: size }, startNode))));
  const balancer = await startProxy(() => {
    const taking = nodes.filter((node) => node?.isTakingConnections);
    turn += 1;
    return taking[turn % taking.length]?.port;
  });

  return {
    balancer,
    url: `http://127.0.0.1:${balancer.port}`,
    portOf: (index) => nodes[index]?.port,
    toEngineOf: (index) => nodes[index]?.toEngine,
    async kill(index) {
      const node = nodes[index];
      nodes[index] = undefined;
      await end(node, 'SIGKILL');
      nodes[index] = await startNode();
    },
    async roll(index) {
      const node = nodes[index];
      nodes[index] = await startNode();
      await end(node, 'SIGTERM');
    },
    stepClock(index, byMs) {
      nodes[index]?.child.send({ stepClockMs: byMs });
    },
    async close() {
      await balancer.close();
      await Promise.all([...everStarted].map((node) => end(node, 'SIGKILL')));
    },
  };
}

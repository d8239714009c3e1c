// The servers that the tests of the engines use.
import { startPostgres } from '../../packages/server/src/logs/postgres/postgres-server.fixture.ts';
import { startRedis } from '../../packages/server/src/logs/redis/redis-server.fixture.ts';

export type EngineName = 'redis' | 'postgres';

/** A real engine, which the run restarts and puts back to an earlier copy. */
export interface Engine {
  readonly port: number;
  /** Ends the process at once, and starts it again. It keeps what it has acknowledged. */
  crash(): Promise<void>;
  /**
   * Fails over to a copy of a moment ago. Nobody may publish when it begins.
   *
   * @param between runs after the copy was made: what is published in it is lost.
   */
  failOverToCopy(between: () => Promise<void>): Promise<void>;
  remove(): Promise<void>;
}

export async function startEngine(name: EngineName): Promise<Engine> {
  return name === 'redis' ? startRedisEngine() : startPostgresEngine();
}

async function startRedisEngine(): Promise<Engine> {
  // On the disk before each answer.
  const server = await startRedis('--appendonly', 'yes', '--appendfsync', 'always');
  return {
    port: server.port,
    async crash() {
      await server.kill();
      await server.start();
    },
    async failOverToCopy(between) {
      const restore = server.backUp();
      await between();
      await server.kill();
      restore();
      await server.start();
    },
    remove: () => server.remove(),
  };
}

async function startPostgresEngine(): Promise<Engine> {
  const server = await startPostgres('max_connections=50');
  return {
    port: server.config.port,
    async crash() {
      await server.stop('immediate');
      await server.start();
    },
    async failOverToCopy(between) {
      await server.stop();
      const restore = server.backUp();
      await server.start();
      await between();
      await server.stop('immediate');
      restore();
      await server.promote();
    },
    remove: () => server.remove(),
  };
}

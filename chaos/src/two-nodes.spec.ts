import { Pool } from 'pg';
import { afterAll, beforeAll, describe, it } from 'vitest';
import { createPostgresEventLog } from '@sillage/server/postgres';
import { createRedisEventLog } from '@sillage/server/redis';
import { startConformanceServer } from '../../conformance/src/conformance-server.ts';
import type { ConformanceServer, ConformanceServerOptions } from '../../conformance/src/conformance-server.ts';
import { scenarios } from '../../conformance/src/scenarios.ts';
import { createWorld } from '../../conformance/src/world.ts';
import { startEngine } from './engines.ts';
import type { Engine, EngineName } from './engines.ts';

describe.each<EngineName>(['redis', 'postgres'])('the protocol, of two nodes that share %s', (name) => {
  let engine: Engine;
  let server: ConformanceServer;
  let pool: Pool;
  beforeAll(async () => {
    engine = await startEngine(name);
    pool = new Pool({ host: '127.0.0.1', port: engine.port, user: 'sillage', database: 'postgres' });
    const openLog: ConformanceServerOptions['openLog'] = (generation, maxEvents) =>
      name === 'redis'
        ? createRedisEventLog({ url: `redis://127.0.0.1:${engine.port}`, prefix: `log${generation}`, maxEvents })
        : createPostgresEventLog({ pool, schema: `log${generation}`, maxEvents });
    server = await startConformanceServer({ nodes: 2, openLog });
  }, 60_000);
  afterAll(async () => {
    await server.close();
    await pool.end();
    await engine.remove();
  });

  it.each(scenarios)('$name', { timeout: 60_000 }, ({ run }) => run(createWorld(server.origin)));
});

import { afterAll, beforeAll, describe, it } from 'vitest';
import { startConformanceServer, type ConformanceServer } from './conformance-server.ts';
import { scenarios } from './scenarios.ts';
import { createWorld } from './world.ts';

describe('the protocol, with the client in Node', () => {
  let server: ConformanceServer;
  beforeAll(async () => {
    server = await startConformanceServer();
  });
  afterAll(() => server.close());

  it.each(scenarios)('$name', ({ run }) => run(createWorld(server.origin)));
});

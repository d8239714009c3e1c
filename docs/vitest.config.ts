import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    name: 'docs',
    include: ['*.spec.ts'],
    testTimeout: 30_000,
    hookTimeout: 60_000,
    // Left to Node, as for a reader: a test and the block that it runs then have one library between them.
    server: { deps: { external: [/\/packages\/[^/]+\/dist\//] } },
  },
});

import { defineConfig } from 'vitest/config';

export default defineConfig({ test: { name: 'engines', include: ['src/engines.ts'], testTimeout: 60_000 } });

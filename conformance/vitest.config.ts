import { defineConfig } from 'vitest/config';

export default defineConfig({ test: { name: 'conformance', include: ['src/**/*.spec.ts'], testTimeout: 30_000 } });

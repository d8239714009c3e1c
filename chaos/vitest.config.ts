import { defineConfig } from 'vitest/config';

export default defineConfig({ test: { name: 'chaos', include: ['src/**/*.spec.ts'], testTimeout: 300_000 } });

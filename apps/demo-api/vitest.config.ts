import { defineConfig } from 'vitest/config';

export default defineConfig({ test: { name: 'demo-api', include: ['src/**/*.spec.ts'] } });

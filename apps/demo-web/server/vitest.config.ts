import { defineConfig } from 'vitest/config';

export default defineConfig({ test: { name: 'demo-web-server', include: ['*.spec.ts'] } });

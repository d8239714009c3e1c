import { defineConfig } from 'vitest/config';

export default defineConfig({ test: { name: 'express-minimal', include: ['*.spec.ts'] } });

import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: { name: 'fastapi', include: ['*.spec.ts'], testTimeout: 30_000, hookTimeout: 30_000 },
});

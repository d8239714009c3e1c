import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    projects: [
      'packages/client',
      'packages/server',
      'packages/entra-emulator',
      'packages/angular/schematics',
      'apps/demo-api',
      'apps/demo-web/server',
      'examples/express-minimal',
      'examples/fastapi',
      'conformance',
      'simulation',
      'chaos',
      'docs',
    ],
  },
});

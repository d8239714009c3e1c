import { defineConfig } from 'vitest/config';

// The web server's. The app's own run in Angular's test builder: ng test.
export default defineConfig({ test: { name: 'demo-web-server', include: ['server/**/*.spec.ts'] } });

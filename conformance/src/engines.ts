import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startChromium } from './browsers/chromium.ts';
import { startFirefox } from './browsers/firefox.ts';
import { startWebKit } from './browsers/webkit.ts';
import type { BrowserPage } from './browsers/browser-page.ts';
import { startConformanceServer, type ConformanceServer } from './conformance-server.ts';
import { scenarios } from './scenarios.ts';

// Not part of `npm test`: `npm run test:engines` installs the browsers first.
describe.each([
  { engine: 'Chromium', start: startChromium, lacks: [] },
  { engine: 'Firefox', start: startFirefox, lacks: [] },
  // It encodes an ID that is not ASCII twice: see ENGINES.md.
  { engine: 'WebKit', start: startWebKit, lacks: ['other-than-ascii'] },
])('the protocol, with the client in $engine', ({ engine, start, lacks }) => {
  let server: ConformanceServer;
  let page: BrowserPage;

  beforeAll(async () => {
    const { outputFiles } = await build({
      entryPoints: [fileURLToPath(new URL('in-page.ts', import.meta.url))],
      bundle: true,
      format: 'esm',
      write: false,
    });
    server = await startConformanceServer();
    server.servePage(outputFiles[0]?.text ?? '');
    page = await start();
    console.log(page.browser);
    await page.open(`${server.origin}/page`);
  }, 60_000);
  afterAll(async () => {
    await page.close();
    await server.close();
  });

  const lacking = scenarios.filter(({ needs }) => needs !== undefined && lacks.includes(needs));
  it.each(scenarios.filter((scenario) => !lacking.includes(scenario)))('$name', ({ name }) =>
    page.call('runScenario', name),
  );
  it('is described in ENGINES.md with what it cannot do', async () => {
    const text = await readFile(new URL('../ENGINES.md', import.meta.url), 'utf8');
    for (const { name } of lacking) expect(text).toContain(`| ${engine} | ${name} |`);
  });
});

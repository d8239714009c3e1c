import { mkdirSync, mkdtempSync, readFileSync, writeFileSync, rmSync } from 'node:fs';
import { createServer, request as httpRequest, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { WebConfig } from 'demo-contract';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readServerConfig } from './config.ts';
import { createWebServer } from './web-server.ts';

const tenant = 'c0475050-0000-4000-8000-000000000001';
const environment = {
  API_URL: 'http://localhost:3000/',
  ENTRA_TENANT_ID: tenant,
  ENTRA_SPA_CLIENT_ID: '5a9e05fa-0000-4000-8000-0000000000b2',
  ENTRA_API_CLIENT_ID: '5a9e0a91-0000-4000-8000-0000000000a1',
};

describe('the environment of the web server', () => {
  it('is refused with one sentence for each variable that is missing', () => {
    expect(() => readServerConfig({})).toThrow(
      /^API_URL is missing: .*\.\nENTRA_TENANT_ID is missing: .*\.\nENTRA_SPA_CLIENT_ID is missing: .*\.\nENTRA_API_CLIENT_ID is missing: .*\.$/,
    );
  });

  it.each([
    ['ENTRA_TENANT_ID', 'contoso', /^ENTRA_TENANT_ID is no GUID/],
    ['API_URL', 'localhost', /^API_URL is no http or https URL/],
    ['EMULATOR_ORIGIN', 'ftp://localhost', /^EMULATOR_ORIGIN is no http or https URL/],
    ['WEB_PORT', '70000', /^WEB_PORT is no port/],
  ])('is refused where %s is "%s"', (name, value, message) => {
    expect(() => readServerConfig({ ...environment, [name]: value })).toThrow(message);
  });
});

describe('readServerConfig', () => {
  it('reads SILLAGE_HOST and ignores HOST, which tcsh and conda export for another purpose', () => {
    expect(readServerConfig({ ...environment, HOST: 'build-7.example' }).host).toBe('localhost');
    expect(readServerConfig({ ...environment, SILLAGE_HOST: '0.0.0.0' }).host).toBe('0.0.0.0');
  });
});

describe('the web server', () => {
  const servers: Server[] = [];
  const answers: { path: string }[] = [];
  let root = '';

  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'demo-web-'));
    for (const locale of ['en', 'fr']) {
      mkdirSync(join(root, locale));
      const page = `<html lang="${locale}"><app-root ngCspNonce="CSP_NONCE"></app-root></html>`;
      writeFileSync(join(root, locale, 'index.html'), page);
      for (const name of ['main-5KIU2UDV.js', 'redirect.html', 'redirect.js']) {
        writeFileSync(join(root, locale, name), '');
      }
    }
  });
  afterEach(() => {
    for (const server of servers.splice(0)) server.close().closeAllConnections();
    answers.length = 0;
    rmSync(root, { recursive: true });
  });

  const listen = async (server: Server): Promise<string> => {
    servers.push(server);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  };
  const start = (more: Readonly<Record<string, string>> = {}): Promise<string> =>
    listen(
      createWebServer({
        config: readServerConfig({ ...environment, ...more }),
        root,
        onAnswer: (answer) => answers.push(answer),
        onError: () => undefined,
      }),
    );

  it('answers every address of the app with its page, and what is no address of it with 404', async () => {
    const origin = await start();
    for (const path of ['/en/', '/fr/', '/en/index.html', '/en/chat/lobby', '/fr/events?x=1']) {
      const response = await fetch(origin + path);
      expect([response.status, response.headers.get('cache-control')]).toEqual([200, 'no-cache']);
      expect(await response.text()).toContain(`<html lang="${path.slice(1, 3)}"><app-root`);
    }
    for (const path of ['/missing.js', '/en/missing.js']) expect((await fetch(origin + path)).status).toBe(404);
    expect((await fetch(origin, { method: 'POST' })).status).toBe(405);
  });

  it.each([
    ['/', {}, '/en/'],
    ['/index.html', {}, '/en/'],
    ['/notifications?x=1', {}, '/en/notifications?x=1'],
    ['/chat/lobby', { 'Accept-Language': 'fr-CA,fr;q=0.9,en;q=0.8' }, '/fr/chat/lobby'],
    ['/', { 'Accept-Language': 'de, en;q=0.5, fr;q=0.7' }, '/fr/'],
    ['/', { 'Accept-Language': 'fr;q=0' }, '/en/'],
    ['/', { 'Accept-Language': 'de' }, '/en/'],
    ['/', { 'Accept-Language': 'fr', Cookie: 'a=b; locale=en' }, '/en/'],
    ['/', { 'Accept-Language': 'en', Cookie: 'locale=fr' }, '/fr/'],
    ['/', { Cookie: 'locale=xx' }, '/en/'],
    ['//evil.example/', {}, '/en/evil.example/'],
    ['/french', {}, '/en/french'],
  ])('leads from %s with %o to %s', async (path, headers, location) => {
    const response = await fetch((await start()) + path, { headers, redirect: 'manual' });
    expect([response.status, response.headers.get('location')]).toEqual([302, location]);
    expect(response.headers.get('cache-control')).toBe('no-store');
    expect(response.headers.get('vary')).toBe('Accept-Language, Cookie');
  });

  it('gives each page a nonce of its own, the same as in its policy', async () => {
    const origin = await start();
    const nonces = new Set<string>();
    for (let i = 0; i < 2; i++) {
      const response = await fetch(origin);
      const nonce = /ngCspNonce="([^"]+)"/.exec(await response.text())?.[1] ?? '';
      expect(response.headers.get('content-security-policy')).toContain(`'nonce-${nonce}'`);
      nonces.add(nonce);
    }
    expect(nonces.size).toBe(2);
  });

  it('lets the page talk to the API and the identity provider, and to nobody else', async () => {
    const origin = await start();
    const policy = (await fetch(origin)).headers.get('content-security-policy');
    expect(policy).toContain(`connect-src 'self' http://localhost:3000 https://login.microsoftonline.com;`);
    expect(policy).toContain(`frame-src 'self' https://login.microsoftonline.com;`);
    expect(policy).toContain(`script-src 'self';`);
  });

  it('never sends an opener policy, which would cut off the sign-in window', async () => {
    const origin = await start();
    for (const path of ['/', '/en/', '/redirect.html', '/redirect.js', '/config.json']) {
      const { headers } = await fetch(origin + path);
      expect(headers.has('cross-origin-opener-policy')).toBe(false);
      expect(headers.get('x-content-type-options')).toBe('nosniff');
    }
  });

  it('keeps for ever what is named after its content, and asks again for the rest', async () => {
    const origin = await start();
    const cacheOf = async (path: string) => (await fetch(origin + path)).headers.get('cache-control');
    expect(await cacheOf('/fr/main-5KIU2UDV.js')).toBe('public, max-age=31536000, immutable');
    expect(await cacheOf('/redirect.js')).toBe('no-cache');
    expect(await cacheOf('/redirect.html')).toBe('no-store');
  });

  it('compresses the files of the app for those who take it, once, and sends them again only if they have changed', async () => {
    const script = 'export const text = "the same again and again";\n'.repeat(200);
    writeFileSync(join(root, 'en', 'main-5KIU2UDV.js'), script);
    const origin = await start();
    const url = `${origin}/en/main-5KIU2UDV.js`;
    for (const encoding of ['br', 'gzip']) {
      const response = await fetch(url, { headers: { 'Accept-Encoding': encoding } });
      expect([response.status, response.headers.get('content-encoding')]).toEqual([200, encoding]);
      expect(Number(response.headers.get('content-length'))).toBeLessThan(script.length / 10);
      expect(response.headers.get('vary')).toBe('Accept-Encoding');
      expect(response.headers.get('content-type')).toContain('text/javascript');
      expect(response.headers.get('cache-control')).toBe('public, max-age=31536000, immutable');
      expect(await response.text()).toBe(script);
      const etag = response.headers.get('etag') ?? '';
      const again = await fetch(url, { headers: { 'Accept-Encoding': encoding, 'If-None-Match': etag } });
      expect(again.status).toBe(304);
    }
    const plain = await fetch(url, { headers: { 'Accept-Encoding': 'br;q=0, identity' } });
    expect([plain.headers.get('content-encoding'), await plain.text()]).toEqual([null, script]);
    expect((await fetch(`${origin}/en/../package.json`)).status).toBe(404);
  });

  it('tells its log the path of a request, and nothing of its query', async () => {
    const origin = await start();
    await fetch(`${origin}/redirect.html?code=secret`);
    await fetch(`${origin}/en/?code=secret`);
    await expect.poll(() => answers.map(({ path }) => path)).toEqual(['/redirect.html', '/en/']);
    expect(JSON.stringify(answers)).not.toContain('secret');
  });

  it('answers a malformed path as what it is, and goes on', async () => {
    const origin = await start();
    const status = await new Promise<number | undefined>((resolve, reject) => {
      httpRequest(origin, { path: '/%E0%A4%A' }, (response) => resolve(response.resume().statusCode))
        .on('error', reject)
        .end();
    });
    expect(status).toBeLessThan(500);
    expect((await fetch(origin)).status).toBe(200);
  });

  it('tells the app to sign in at Microsoft Entra ID', async () => {
    const config = (await (await fetch(`${await start()}/config.json`)).json()) as WebConfig;
    expect(config).toEqual({
      apiUrl: 'http://localhost:3000',
      scopes: ['api://5a9e0a91-0000-4000-8000-0000000000a1/Stream.Access'],
      identityProvider: 'entra',
      auth: {
        clientId: environment.ENTRA_SPA_CLIENT_ID,
        authority: `https://login.microsoftonline.com/${tenant}`,
      },
    });
  });

  it('tells the app to sign in at the emulator, as soon as that is there', async () => {
    const metadata = {
      issuer: 'i',
      authorization_endpoint: 'a',
      token_endpoint: 't',
      end_session_endpoint: 'e',
      jwks_uri: 'j',
    };
    let emulatorStatus = 503;
    const emulator = await listen(
      createServer((_request, response) => {
        response.writeHead(emulatorStatus);
        response.end(JSON.stringify({ ...metadata, claims_supported: [] }));
      }),
    );
    const origin = await start({ EMULATOR_ORIGIN: emulator });
    const refused = await fetch(`${origin}/config.json`);
    expect(refused.status).toBe(503);
    expect(((await refused.json()) as { detail: string }).detail).toContain('The emulator at http');

    emulatorStatus = 200;
    const { auth, identityProvider } = (await (await fetch(`${origin}/config.json`)).json()) as WebConfig;
    expect(identityProvider).toBe('emulator');
    expect(auth.authority).toBe(`https://${new URL(emulator).host}/${tenant}`);
    expect(auth.knownAuthorities).toEqual([new URL(emulator).host]);
    expect(JSON.parse(auth.authorityMetadata ?? '')).toEqual(metadata);
  });
});

describe('the landing page', () => {
  const read = (name: string): string =>
    readFileSync(new URL(`../src/app/landing/${name}`, import.meta.url), 'utf8').trimEnd();

  it('shows the twelve lines that run beside them', () => {
    const [, shown = ''] = /`((?:\\`|[^`])*)`;$/.exec(read('counter-source.ts').replace(/^\/\*\*.*\n/, '')) ?? [];
    expect(shown.replaceAll('\\`', '`').trimEnd()).toBe(read('counter.ts'));
    expect(read('counter.ts').split('\n')).toHaveLength(12);
  });
});

import { describe, expect, it } from 'vitest';
import { createCors } from './cors.ts';
import type { CorsRequest } from './cors.ts';

const ORIGIN = 'https://app.example';
const request = (method: string, headers: Readonly<Record<string, string>>): CorsRequest => ({
  method,
  header: (name) => headers[name],
});
const preflight = (origin: string) => request('OPTIONS', { origin, 'access-control-request-method': 'POST' });

describe('CORS (PROTOCOL 3.5)', () => {
  const decide = createCors({
    origins: [ORIGIN],
    allowHeaders: ['X-Trace'],
    exposeHeaders: ['ETag'],
    maxAgeMs: 90_500,
  });

  it('names the one origin that asks, and what it may read', () => {
    expect(decide(request('GET', { origin: ORIGIN }), ['GET'])).toEqual({
      kind: 'go-on',
      headers: {
        Vary: 'Origin',
        'Access-Control-Allow-Origin': ORIGIN,
        'Access-Control-Expose-Headers':
          'WWW-Authenticate, Retry-After, Date, Sillage-Heartbeat-Ms, Sillage-Session-Ms, ETag',
      },
    });
  });

  it('answers a preflight with what may be sent', () => {
    expect(decide(preflight(ORIGIN), ['GET', 'POST'])).toEqual({
      kind: 'preflight',
      status: 204,
      headers: {
        Vary: 'Origin',
        'Access-Control-Allow-Origin': ORIGIN,
        'Access-Control-Allow-Methods': 'GET, POST',
        'Access-Control-Allow-Headers': 'authorization, content-type, last-event-id, ngsw-bypass, X-Trace',
        'Access-Control-Max-Age': '90',
      },
    });
  });

  it.each([
    'https://evil.example',
    'http://app.example',
    'https://app.example.evil.example',
    'https://app.example:444',
    'null',
    'https://APP.example',
  ])('tells %s nothing, and refuses its preflight', (origin) => {
    expect(decide(preflight(origin), ['GET'])).toEqual({ kind: 'preflight', status: 403, headers: { Vary: 'Origin' } });
    expect(decide(request('GET', { origin }), ['GET'])).toEqual({ kind: 'go-on', headers: { Vary: 'Origin' } });
  });

  it('takes OPTIONS without an origin or a method for no preflight', () => {
    expect(decide(request('OPTIONS', { origin: ORIGIN }), ['GET']).kind).toBe('go-on');
    expect(decide(request('OPTIONS', { 'access-control-request-method': 'GET' }), ['GET']).kind).toBe('go-on');
  });

  it.each([
    ['*', /any site/],
    ['app.example', /https:\/\/host/],
    ['https://*.example', /\*/],
    ['https://app.example/', /sends as 'https:\/\/app\.example'/],
    ['https://app.example:443', /sends as 'https:\/\/app\.example'/],
    ['HTTPS://app.example', /sends as 'https:\/\/app\.example'/],
    ['file:///', /not an origin/],
    ['file://host', /not an origin/],
    ['capacitor://localhost/', /not an origin/],
    ['capacitor:localhost', /not an origin/],
    ['capacitor://', /not an origin/],
    ['Capacitor://localhost', /not an origin/],
    ['tauri://localhost\r\nX: y', /not an origin/],
    ['javascript:alert(1)', /not an origin/],
    ['', /not an origin/],
  ])('refuses %j in the list, with its correction', (origin, message) => {
    expect(() => createCors({ origins: [origin] })).toThrow(message);
  });

  it.each([
    'capacitor://localhost',
    'ionic://localhost',
    'tauri://localhost',
    'app://-',
    'chrome-extension://abcdefghijklmnopabcdefghijklmnop',
    'moz-extension://2b5d7f4a-0c1e-4a53-9f65-7a0a6c2f9a11',
    'http://localhost:4200',
    'null',
  ])('can list %s, and then names it', (origin) => {
    const listed = createCors({ origins: [origin] });
    expect(listed(request('GET', { origin }), ['GET']).headers['Access-Control-Allow-Origin']).toBe(origin);
    expect(listed(preflight(origin), ['GET'])).toMatchObject({ status: 204 });
    expect(listed(request('GET', { origin: `${origin}.evil` }), ['GET']).headers).toEqual({ Vary: 'Origin' });
  });

  it('allows credentials only by option, also on preflights, and never with the origin null', () => {
    const headersOf = (allowCredentials?: boolean) => {
      const decide = createCors({ origins: [ORIGIN], ...(allowCredentials === undefined ? {} : { allowCredentials }) });
      return [
        request('GET', { origin: ORIGIN }),
        preflight(ORIGIN),
        request('GET', { origin: 'https://evil.example' }),
      ].map((asked) => decide(asked, ['GET']).headers['Access-Control-Allow-Credentials']);
    };
    expect(headersOf()).toEqual([undefined, undefined, undefined]);
    expect(headersOf(false)).toEqual([undefined, undefined, undefined]);
    expect(headersOf(true)).toEqual(['true', 'true', undefined]);
    expect(() => createCors({ origins: ['null'], allowCredentials: true })).toThrow(/sandboxed frame/);
  });

  it('lets browsers keep no preflight if maxAgeMs is 0', () => {
    const { headers } = createCors({ origins: [ORIGIN], maxAgeMs: 0 })(preflight(ORIGIN), ['GET']);
    expect(headers['Access-Control-Max-Age']).toBe('0');
  });

  it.each([-1, 0.5, NaN])('refuses %s as maxAgeMs', (maxAgeMs) => {
    expect(() => createCors({ origins: [], maxAgeMs })).toThrow(/maxAgeMs/);
  });

  it('refuses a header name that is not valid', () => {
    expect(() => createCors({ origins: [], allowHeaders: ['a\r\nb'] })).toThrow(/not the name of a header/);
    expect(() => createCors({ origins: [], exposeHeaders: ['*'] })).toThrow(/not the name of a header/);
  });
});

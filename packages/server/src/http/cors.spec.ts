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
    ['null', /https:\/\/host/],
    ['app.example', /https:\/\/host/],
    ['https://*.example', /\*/],
    ['https://app.example/', /sends as 'https:\/\/app\.example'/],
    ['https://app.example:443', /sends as 'https:\/\/app\.example'/],
    ['chrome-extension://abc', /https:\/\/host/],
  ])('refuses %s in the list, with its correction', (origin, message) => {
    expect(() => createCors({ origins: [origin] })).toThrow(message);
  });

  it('refuses a header that is no name', () => {
    expect(() => createCors({ origins: [], allowHeaders: ['a\r\nb'] })).toThrow(/no header's name/);
    expect(() => createCors({ origins: [], exposeHeaders: ['*'] })).toThrow(/no header's name/);
  });
});

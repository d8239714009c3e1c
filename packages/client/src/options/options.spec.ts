import { afterEach, describe, expect, it, vi } from 'vitest';
import { url } from '../testing/listen.fixture.ts';
import { resolveOptions, type EventStreamOptions, type StreamUrl } from './options.ts';

const resolve = (options: object = {}, target: StreamUrl = url) =>
  resolveOptions(target, options as EventStreamOptions);

afterEach(() => {
  vi.unstubAllGlobals();
});

describe('options that cannot work', () => {
  it.each([
    [{ tokenTransport: 'cookie' }, 'tokenTransport is "cookie". Pass "header" or "query" or "ticket".'],
    [{ resumeBy: 'body' }, 'resumeBy is "body". Pass "header" or "query" or "none".'],
    [{ onEnd: 'stop' }, 'onEnd is "stop". Pass "reconnect" or "complete" or "fail".'],
    [{ redirect: 'manual' }, 'redirect is "manual". Pass "error" or "follow".'],
    [{ decode: 'xml' }, 'decode is "xml". Pass "json" or "text" or "auto".'],
    [{ reconnect: { unsafeMethods: 'ask' } }, 'reconnect.unsafeMethods is "ask". Pass "fail" or "repeat".'],
    [{ idleTimeoutMs: '5' }, 'idleTimeoutMs is 5. Pass a number that is not negative.'],
    [{ connectTimeoutMs: NaN }, 'connectTimeoutMs is NaN. Pass a number that is not negative.'],
    [{ allowedOrigins: ['nowhere'] }, 'allowedOrigins has "nowhere", which is not an origin.'],
  ])('%j: the error says what would work', (options, message) => {
    expect(() => resolve(options)).toThrow(message);
  });

  it.each(['https://alice@x.example/', 'https://:secret@x.example/', 'https://alice:secret@x.example/'])(
    'the URL %s has a user name or a password',
    (target) => {
      expect(() => resolve({}, target)).toThrow(/user name or password/);
    },
  );

  it('a URL that is not valid keeps its cause', () => {
    let error: unknown;
    try {
      resolve({}, 'nowhere');
    } catch (thrown) {
      error = thrown;
    }
    expect(error).toMatchObject({ code: 'invalid-option', cause: { name: 'TypeError' } });
  });

  it('a URL at another origin: the error lists the allowed ones', () => {
    const allowedOrigins = ['https://one.example', 'https://two.example/path'];
    expect(() => resolve({ allowedOrigins })).toThrow(
      'https://api.contoso.example is not among allowedOrigins (https://one.example, https://two.example).',
    );
  });
});

describe('a token in the URL', () => {
  it.each([
    ['https://api.contoso.example/', true],
    ['http://localhost:3000/', true],
    ['http://127.0.0.1:3000/', true],
    ['http://[::1]:3000/', true],
    ['http://app.localhost/', true],
    ['http://api.contoso.example/', false],
    ['http://localhost.contoso.example/', false],
    ['http://notlocalhost/', false],
  ])('at %s is allowed: %s', (target, allowed) => {
    const query = () => resolve({ tokenTransport: 'query' }, target);
    if (allowed) expect(query).not.toThrow();
    else expect(query).toThrow(/https/);
  });

  it('is the reason to refuse plain http: a token in the header is allowed there', () => {
    expect(() => resolve({}, 'http://api.contoso.example/')).not.toThrow();
  });
});

describe('the platform', () => {
  it('provides fetch, which is looked up at each call', async () => {
    const { fetch } = resolve();
    const response = new Response();
    const fake = vi.fn(() => Promise.resolve(response));
    vi.stubGlobal('fetch', fake);
    const init = { method: 'POST' };
    expect(await fetch(url, init)).toBe(response);
    expect(fake).toHaveBeenCalledExactlyOnceWith(url, init);
  });

  it('provides the base of a relative URL: that of the document, or the URL of a worker', () => {
    vi.stubGlobal('location', { href: 'https://page.example/worker.js' });
    expect(resolve({}, '/events').urlAt('').href).toBe('https://page.example/events');
    vi.stubGlobal('document', { baseURI: 'https://base.example/app/' });
    expect(resolve({}, 'events').urlAt('').href).toBe('https://base.example/app/events');
  });
});

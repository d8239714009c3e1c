import type { LogLine } from 'demo-contract';
import { describe, expect, it, vi } from 'vitest';
import { withApi } from '../with-api.fixture.ts';
import { createLogging } from './logging.ts';

describe('the API’s logs', () => {
  const held = withApi();

  it.each(['app', 'access', 'audit'])('cannot be streamed without the role: %s', async (type) => {
    const response = await held.api.call('bob', 'GET', `/logs/stream/${type}`);
    expect([response.status, await response.json()]).toMatchObject([403, { code: 'insufficient-scope' }]);
  });

  it('show an administrator who called, what the API did, and who did what', async () => {
    const [access, app, audit] = ['access', 'app', 'audit'].map((type) =>
      held.api.follow<LogLine>('alice', `/logs/stream/${type}`, { lastEventId: 'from-the-start' }),
    );
    await held.api.json('bob', 'GET', '/me?secret=never');
    const requested = await access?.until(({ data }) => data.fields.path === '/me');
    expect(requested?.at(-1)?.data).toMatchObject({ level: 'info', message: 'request', fields: { status: 200 } });
    expect(JSON.stringify(requested)).not.toContain('never');
    await app?.until(({ data }) => data.message === 'session opened');
    await audit?.until(({ data }) => data.message === 'Bob Sample signed in');
    await held.api.json('bob', 'POST', '/security/step-up');
    await audit?.until(({ data }) => data.message.startsWith('Bob Sample demanded a second factor'));
    await held.api.json('bob', 'DELETE', '/security/step-up');
    for (const stream of [access, app, audit]) stream?.close();
  });

  it('are filtered by level, and a line about a line makes no line', async () => {
    const everything = held.api.follow<LogLine>('alice', '/logs/stream/app', { lastEventId: 'all' });
    const warnings = held.api.follow<LogLine>('alice', '/logs/stream/app?level=warn');
    const seen = await everything.until(({ data }) => String(data.fields.topics) === 'logs/app/warn,logs/app/error');
    // If a line caused another one, there would be endlessly many.
    expect(seen.length).toBeLessThan(30);
    warnings.close();
    everything.close();
  });

  it.each([
    ['/logs/stream/secret', 404, 'app, access, audit'],
    ['/logs/stream/app?level=loud', 400, 'debug, info, warn, error'],
  ])('refuse %s', async (path, status, detail) => {
    const response = await held.api.call('alice', 'GET', path);
    expect([response.status, ((await response.json()) as { detail: string }).detail]).toEqual([
      status,
      expect.stringContaining(detail),
    ]);
  });
});

describe('logging', () => {
  it('lets no token through, wherever it was put, to neither side', () => {
    const written: string[] = [];
    const publish = vi.fn();
    const { app } = createLogging({
      level: 'info',
      destination: { write: (line) => void written.push(line) },
      publish,
    });
    const token = 'eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhZGEifQ.c2lnbmF0dXJl';
    app.info({ authorization: `Bearer ${token}`, deep: [{ token }] }, `got ${token}`);
    expect(written.join('') + JSON.stringify(publish.mock.calls)).not.toContain('eyJ');
    expect(publish).toHaveBeenCalledWith('app', expect.objectContaining({ level: 'info', message: 'got [token]' }));
  });

  it('gives pages what is below the destination’s level, and leaves the destination alone', () => {
    const written: string[] = [];
    const publish = vi.fn<(type: string, line: LogLine) => void>();
    const { audit } = createLogging({
      level: 'error',
      destination: { write: (line) => void written.push(line) },
      publish,
    });
    audit.debug('fine');
    audit.fatal('grave');
    expect(written).toHaveLength(1);
    expect(publish.mock.calls.map(([type, { level }]) => [type, level])).toEqual([
      ['audit', 'debug'],
      ['audit', 'error'],
    ]);
  });
});

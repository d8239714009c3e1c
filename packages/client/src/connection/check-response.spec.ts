import { describe, expect, it } from 'vitest';
import { resolveOptions, type EventStreamOptions } from '../options/index.ts';
import { url } from '../testing/listen.fixture.ts';
import { ScriptedWorld } from '../testing/scripted-world.fixture.ts';
import { checkResponse } from './check-response.ts';

const check = (response: Response, options: EventStreamOptions = {}) =>
  checkResponse(response, resolveOptions(url, { runtime: new ScriptedWorld().runtime, ...options }));

const eventStream = (headers: Record<string, string> = {}, body: string | null = ''): Response =>
  new Response(body, { headers: { 'Content-Type': 'text/event-stream', ...headers } });

describe('checking a response', () => {
  it.each([
    ['1500', 1_500],
    ['1', 1],
    ['0', undefined],
    ['-1', undefined],
    ['1.5', undefined],
    ['1e3', undefined],
    ['1500 ms', undefined],
    ['after 1500', undefined],
    ['', undefined],
  ])('reads the time %j in its headers as %s ms', async (time, ms) => {
    expect(await check(eventStream({ 'Sillage-Heartbeat-Ms': time, 'Sillage-Session-Ms': time }))).toMatchObject({
      open: { heartbeatMs: ms, sessionMs: ms },
    });
  });

  it.each([
    ['no header of the protocol', 'other', {}],
    ['a heartbeat', 'sillage', { 'Sillage-Heartbeat-Ms': '1000' }],
    ['a session time', 'sillage', { 'Sillage-Session-Ms': '1000' }],
    ['a session time that is not valid', 'other', { 'Sillage-Session-Ms': 'soon' }],
  ] as const)('recognizes by %s that the server is "%s"', async (_, server, headers) => {
    expect(await check(eventStream(headers))).toMatchObject({ open: { server } });
  });

  it('refuses an event stream without a body', async () => {
    expect(await check(eventStream({}, null))).toMatchObject({
      end: {
        outcome: { kind: 'impossible' },
        error: { code: 'unexpected-content-type', message: 'The response has no body, so it is not an event stream.' },
      },
    });
  });

  it.each([
    ['error', 'set redirect to "follow"'],
    ['follow', 'not among allowedOrigins'],
  ] as const)('says how a redirect can be followed if redirect is "%s"', async (redirect, hint) => {
    const response = new Response(null, { status: 307, headers: { Location: 'https://elsewhere.example/' } });
    expect(await check(response, { redirect })).toMatchObject({
      end: { error: { code: 'redirect-refused', message: expect.stringContaining(hint) as string } },
    });
  });
});

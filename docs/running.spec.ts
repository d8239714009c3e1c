import '@angular/compiler';
import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { requestTicketUrl, type EventStream } from '@sillage/client';
import {
  ALICE,
  CONTOSO,
  SAMPLE_API,
  SAMPLE_DAEMON,
  SAMPLE_SCOPE,
  SAMPLE_SPA,
  startEntraEmulator,
} from '@sillage/entra-emulator';
import { createEntraVerifier, createHub, createMemoryEventLog, createStreamEndpoint } from '@sillage/server';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { blockWith } from './documents.ts';
import { runBlock } from './run-block.ts';
import { serveStreams } from './sse-server.ts';

const endings: (() => unknown)[] = [];
afterEach(async () => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
  for (const end of endings.splice(0)) await end();
});

async function streams(...answers: string[]) {
  const server = await serveStreams(...answers);
  endings.push(() => server.close());
  return server;
}

describe('the server of the README', () => {
  it('lets nobody in without a token, and gives who has one what was published', async () => {
    const emulator = await startEntraEmulator();
    endings.push(() => emulator.close());
    vi.stubEnv('TENANT_ID', CONTOSO.tenantId);
    vi.stubEnv('API_CLIENT_ID', SAMPLE_API.clientId);
    const { server } = await runBlock(blockWith('README.md', '.listen(3000)'), {
      replace: {
        'express().all': 'export const server = express().all',
        '.listen(3000)': ".listen(0, 'localhost')",
        'createEntraVerifier({': `createEntraVerifier({ authority: '${emulator.origin}',`,
      },
    });
    const listening = server as Server;
    endings.push(async () => {
      listening.close();
      listening.closeAllConnections();
      await once(listening, 'close');
    });
    if (!listening.listening) await once(listening, 'listening');
    const url = `http://localhost:${(listening.address() as AddressInfo).port}/orders/events`;

    const refused = await fetch(url);
    expect([refused.status, refused.headers.get('WWW-Authenticate')]).toEqual([401, 'Bearer realm=""']);
    expect((await fetch(url, { headers: { Authorization: 'Bearer not.a.token' } })).status).toBe(401);
    const reader = { username: ALICE.username, scopes: ['Other.Scope'] };
    const other = await emulator.mintToken(reader);
    expect((await fetch(url, { headers: { Authorization: `Bearer ${other}` } })).status).toBe(403);

    const token = await emulator.mintToken({ ...reader, scopes: ['Orders.Read'] });
    // A place of no log: the server tells the gap, and replays what it holds.
    const opened = await fetch(url, { headers: { Authorization: `Bearer ${token}`, 'Last-Event-ID': 'none' } });
    let text = '';
    for await (const chunk of opened.body ?? []) {
      text += new TextDecoder().decode(chunk);
      if (text.includes('event: shipped')) break;
    }
    expect(text).toMatch(/event: gap\n[\s\S]*event: shipped\n[\s\S]*data: \{"order":42\}\n/);
  });
});

describe('publishing over HTTP, as the README of the server has it', () => {
  it('takes the events of a service whose token is from the client credentials flow, and once', async () => {
    const emulator = await startEntraEmulator();
    endings.push(() => emulator.close());
    vi.stubEnv('TENANT_ID', CONTOSO.tenantId);
    vi.stubEnv('API_CLIENT_ID', SAMPLE_API.clientId);
    const { server } = await runBlock(blockWith('packages/server/README.md', 'createPublishEndpoint({'), {
      replace: {
        'express().all': 'export const server = express().all',
        '.listen(3000)': ".listen(0, 'localhost')",
        'createEntraVerifier({': `createEntraVerifier({ authority: '${emulator.origin}',`,
      },
    });
    const listening = server as Server;
    endings.push(() => listening.close());
    if (!listening.listening) await once(listening, 'listening');
    const granted = await fetch(`${emulator.origin}/${CONTOSO.tenantId}/oauth2/v2.0/token`, {
      method: 'POST',
      body: new URLSearchParams({
        grant_type: 'client_credentials',
        client_id: SAMPLE_DAEMON.clientId,
        client_secret: SAMPLE_DAEMON.secret,
        scope: `${SAMPLE_API.appIdUri}/.default`,
      }),
    });
    const { access_token: token } = (await granted.json()) as { access_token: string };
    const curl = blockWith('packages/server/README.md', 'curl -X POST', 'sh').code.replace('$TOKEN', token);
    const headers = [...curl.matchAll(/-H "([^:]+): ([^"]+)"/g)].map(([, name, value]) => [name, value]);
    const send = () =>
      fetch(`http://localhost:${(listening.address() as AddressInfo).port}/publish`, {
        method: 'POST',
        headers: headers as [string, string][],
        body: /-d '([^']+)'/.exec(curl)?.[1] ?? '',
      });
    const first = await send();
    expect([first.status, await first.json()]).toEqual([200, { ids: [expect.stringMatching(/-1$/)], isRepeat: false }]);
    expect(await (await send()).json()).toMatchObject({ isRepeat: true });
  });
});

describe('the examples of the client', () => {
  it('resume after the last event, with a token of its own for each attempt, and tell a gap', async () => {
    const { origin, received } = await streams(
      'id: 1\ndata: {"text":"first"}\n\n',
      'id: 2\nevent: gap\ndata: {"reason":"trimmed","after":"1"}\n\nid: 3\ndata: {"text":"third"}\n\nevent: complete\ndata:\n\n',
    );
    const show = vi.fn();
    const report = vi.fn();
    let tokens = 0;
    const { stream } = await runBlock(blockWith('packages/client/README.md', 'gap: ({ reason })'), {
      given: { show, report, currentToken: () => Promise.resolve(`t${(tokens += 1)}`) },
      replace: { 'https://api.contoso.example': origin },
      take: ['stream'],
    });
    await expect.poll(() => (stream as EventStream).state.status, { timeout: 10_000 }).toBe('closed');
    expect(show.mock.calls).toEqual([[{ text: 'first' }], [{ text: 'third' }]]);
    expect(report.mock.calls).toEqual([['Some notices were lost: trimmed']]);
    expect(received.map(({ token, lastEventId }) => [token, lastEventId])).toEqual([
      ['Bearer t1', undefined],
      ['Bearer t2', '1'],
    ]);
  });

  it('ask for a token with what was demanded, and wait for a person where one is needed', async () => {
    const { origin } = await streams('event: complete\ndata:\n\n');
    const asked: unknown[] = [];
    const session = {
      token: ({ fresh, claims }: { fresh: boolean; claims: string | undefined }) => {
        asked.push({ fresh, claims });
        return Promise.resolve(asked.length === 1 ? { kind: 'signed-out' } : { kind: 'token', token: 'fine' });
      },
      signedIn: () => Promise.resolve(),
    };
    const { stream } = await runBlock(blockWith('packages/client/README.md', 'session.signedIn'), {
      given: { session },
      replace: { 'https://api.contoso.example': origin },
      take: ['stream'],
    });
    const states: string[] = [];
    (stream as EventStream).subscribe({ state: ({ status }) => states.push(status) });
    await expect.poll(() => states.at(-1)).toBe('closed');
    expect(states).toEqual(['connecting', 'interaction-required', 'connecting', 'open', 'closed']);
    expect(asked).toEqual([
      { fresh: false, claims: undefined },
      { fresh: false, claims: undefined },
    ]);
  });

  it('loop over events until the loop is left', async () => {
    const { origin, received } = await streams('id: a\ndata: 1\n\nevent: enough\ndata: 2\n\ndata: 3\n\n');
    const log = vi.spyOn(console, 'log').mockReturnValue();
    await runBlock(blockWith('packages/client/README.md', "type === 'enough'"), {
      replace: { 'https://api.contoso.example': origin },
    });
    expect(log.mock.calls).toEqual([
      ['a', 'message', 1],
      ['a', 'enough', 2],
      ['continue later after', 'a'],
    ]);
    expect(received).toHaveLength(1);
  });

  it('check data against a schema, and fail with what does not fit', async () => {
    const { origin } = await streams('data: {"order":41}\n\nid: 9\ndata: {"order":"x"}\n\n');
    const log = vi.spyOn(console, 'log').mockReturnValue();
    const run = runBlock(blockWith('packages/client/README.md', 'z.object'), {
      replace: { 'https://api.contoso.example': origin },
    });
    await expect(run).rejects.toMatchObject({ code: 'invalid-data', event: { id: '9', data: '{"order":"x"}' } });
    expect(log.mock.calls).toEqual([[42]]);
  });

  it('post a question, and end at [DONE]', async () => {
    const chunk = (content: string): string => `data: {"choices":[{"delta":{"content":"${content}"}}]}\n\n`;
    const { origin, received } = await streams(`${chunk('Good ')}${chunk('day')}data: [DONE]\n\n${chunk('!')}`);
    const written: string[] = [];
    await runBlock(blockWith('packages/client/README.md', '[DONE]'), {
      given: { apiKey: 'key', write: (text: string) => written.push(text) },
      replace: { 'https://models.contoso.example': origin },
    });
    expect(written).toEqual(['Good ', 'day']);
    expect(received).toMatchObject([{ method: 'POST', token: 'Bearer key' }]);
    expect(JSON.parse(received[0]?.body ?? '')).toMatchObject({ stream: true });
  });

  it('wait for nothing in tests', async () => {
    const log = vi.spyOn(console, 'log').mockReturnValue();
    const block = blockWith('packages/client/README.md', 'setTimer:');
    const { stream, timers } = await runBlock(block, { take: ['stream', 'timers'] });
    endings.push(() => (stream as EventStream).close());
    await expect.poll(() => log.mock.calls).toEqual([[2_500]]);
    expect((timers as { ms: number }[]).at(-1)?.ms).toBe(2_500);
  });
});

describe('the example of the emulator', () => {
  it('starts, gives what MSAL needs, and closes', async () => {
    const { auth } = await runBlock(blockWith('packages/entra-emulator/README.md', 'startEntraEmulator'), {
      take: ['auth'],
    });
    expect(auth).toMatchObject({ authority: expect.stringMatching(/^https:\/\/localhost:/) as string });
  });
});

describe('the first steps', () => {
  it('know the emulator, its sample tenant, app and API', async () => {
    const emulator = await startEntraEmulator();
    endings.push(() => emulator.close());
    const block = blockWith('docs/getting-started.md', 'authorityMetadata: JSON.stringify');
    const { auth, scopes } = (await runBlock(block, {
      replace: { 'http://localhost:8400': emulator.origin },
    })) as unknown as { auth: Record<'authorityMetadata', string>; scopes: string[] };
    const wanted = emulator.msalAuth({ tenantId: CONTOSO.tenantId, clientId: SAMPLE_SPA.clientId });
    const parsed = (given: { authorityMetadata: string }) => ({
      ...given,
      authorityMetadata: JSON.parse(given.authorityMetadata) as unknown,
    });
    expect(parsed(wanted)).toMatchObject(parsed(auth));
    expect(scopes).toEqual([SAMPLE_SCOPE]);
  });
});

describe('the server of the page on backends', () => {
  it('gives a ticket for a token, and a stream for a ticket, once', async () => {
    const emulator = await startEntraEmulator();
    endings.push(() => emulator.close());
    const { app } = await runBlock(blockWith('docs/backends.md', 'expressTickets'), {
      take: ['app'],
      given: {
        ...{ createStreamEndpoint, cors: { origins: [] } },
        hub: createHub({ log: createMemoryEventLog() }),
        verifier: createEntraVerifier({
          ...{ authority: emulator.origin, tenants: CONTOSO.tenantId, audience: SAMPLE_API.clientId },
        }),
      },
    });
    const server = createServer(app as RequestListener).listen(0, 'localhost');
    endings.push(() => {
      server.close();
      server.closeAllConnections();
    });
    await once(server, 'listening');
    const origin = `http://localhost:${(server.address() as AddressInfo).port}`;
    const token = await emulator.mintToken({ username: ALICE.username, scopes: ['Stream.Access'] });
    const url = await requestTicketUrl({ ticketUrl: `${origin}/tickets`, streamUrl: `${origin}/notices`, token });
    expect(url).not.toContain(token);
    expect((await fetch(url)).headers.get('Content-Type')).toMatch(/^text\/event-stream/);
    expect((await fetch(url)).status).toBe(401);
  });
});

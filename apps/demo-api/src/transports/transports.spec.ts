import type { TransportSight } from 'demo-contract';
import { describe, expect, it } from 'vitest';
import { withApi } from '../with-api.fixture.ts';

describe('the stream that shows how a token came', () => {
  const held = withApi();

  async function firstSight(query: string, headers: Record<string, string> = {}): Promise<TransportSight> {
    const response = await fetch(`${held.api.origin}/transports/stream${query}`, { headers });
    expect(response.status).toBe(200);
    const reader = response.body?.getReader();
    const { value } = (await reader?.read()) ?? {};
    await reader?.cancel();
    const data = /^data: (.*)$/m.exec(new TextDecoder().decode(value))?.[1];
    return JSON.parse(data ?? 'null') as TransportSight;
  }

  it('takes it in the header, by ticket and in the URL, and never shows it', async () => {
    const token = await held.emulator.mintToken({ username: 'alice@contoso.example', scopes: ['Stream.Access'] });
    const authorization = { Authorization: `Bearer ${token}` };
    expect(await firstSight('', authorization)).toMatchObject({ transport: 'header', url: '/transports/stream' });

    const byQuery = await firstSight(`?access_token=${token}`);
    expect(byQuery).toMatchObject({ transport: 'query' });
    expect(byQuery.url).toBe(`/transports/stream?access_token=(${token.length} characters)`);

    const given = await fetch(`${held.api.origin}/transports/tickets`, {
      method: 'POST',
      headers: { ...authorization, 'Content-Type': 'application/json' },
      body: '{"path":"/transports/stream"}',
    });
    const { ticket } = (await given.json()) as { ticket: string };
    expect(await firstSight(`?ticket=${ticket}`)).toMatchObject({
      transport: 'ticket',
      url: `/transports/stream?ticket=${ticket}`,
    });
    expect((await fetch(`${held.api.origin}/transports/stream?ticket=${ticket}`)).status).toBe(401);
  });
});

import { describe, expect, it } from 'vitest';
import { TabRequests, type HostLink } from './tab-requests.ts';

describe('the requests of a tab', () => {
  it('end with an error where the host is lost in the middle of a refusal, whose rest will not come', async () => {
    const lost: HostLink = { post: () => undefined };
    const requests = new TabRequests({
      maxQueuedBytes: 1_000,
      overflowed: () => undefined,
      opened: () => undefined,
      lost: () => undefined,
      changed: () => undefined,
    });
    requests.attach(lost);
    const base = 'https://api.contoso.example';
    const answer = requests.send(
      { url: `${base}/a`, headers: {}, init: {}, base, multiplexAt: '/multiplex' },
      undefined,
    );
    requests.receive(lost, { type: 'head', id: 1, status: 403, headers: {} });
    const text = (await answer).text();
    requests.attach({ post: () => undefined });
    await expect(text).rejects.toThrow('The connection was lost.');
    expect(requests.size).toBe(0);
  });
});

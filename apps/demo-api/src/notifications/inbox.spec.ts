import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startEntraEmulator } from '@sillage/entra-emulator';
import type { Inbox, Notice, Person } from 'demo-contract';
import { describe, expect, it, onTestFinished } from 'vitest';
import { runApi, type RunningApi } from '../demo-api.fixture.ts';
import { withApi } from '../with-api.fixture.ts';

const inboxOf = (api: RunningApi, who: 'alice' | 'bob'): Promise<Inbox> => api.json(who, 'GET', '/notifications');
const titlesOf = ({ notices }: Inbox): string[] => notices.map(({ title }) => title);
async function send(api: RunningApi, title: string): Promise<void> {
  const { id } = await api.json<Person>('alice', 'GET', '/me');
  await api.json('bob', 'POST', '/notifications', { to: id, title, message: 'Hello' });
}

describe('the inbox of a user', () => {
  const held = withApi();

  it('has what was sent while no page was open, the newest first, and counts what is unread', async () => {
    const { api } = held;
    expect(await inboxOf(api, 'alice')).toMatchObject({ notices: [], unread: 0 });
    await send(api, 'first');
    await send(api, 'second');
    const inbox = await inboxOf(api, 'alice');
    expect([titlesOf(inbox), inbox.unread]).toEqual([['second', 'first'], 2]);
    expect(titlesOf(await inboxOf(api, 'bob'))).toEqual([]);

    await api.json('alice', 'POST', '/notifications/read');
    expect((await inboxOf(api, 'alice')).unread).toBe(0);
    await send(api, 'third');
    expect((await inboxOf(api, 'alice')).unread).toBe(1);
  });

  it('says where its stream continues: nothing is missing between the two, and nothing is there twice', async () => {
    const { api } = held;
    const { lastEventId, notices } = await inboxOf(api, 'alice');
    await send(api, 'after the look');
    const stream = api.follow<Notice>('alice', '/notifications/stream', { lastEventId });
    const [next] = await stream.until(() => true);
    expect(next?.data.title).toBe('after the look');
    expect(stream.gaps).toEqual([]);
    expect((await inboxOf(api, 'alice')).notices).toHaveLength(notices.length + 1);
  });

  it('survives a restart', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'sillage-inbox-'));
    const emulator = await startEntraEmulator();
    onTestFinished(async () => {
      await emulator.close();
      await rm(folder, { recursive: true });
    });
    const variables = { STORE: 'sqlite', DATA_DIR: folder };
    const first = await runApi({ emulator, variables });
    await inboxOf(first, 'alice');
    await send(first, 'before');
    await first.close();
    const second = await runApi({ emulator, variables });
    const inbox = await inboxOf(second, 'alice');
    expect([titlesOf(inbox), inbox.unread]).toEqual([['before'], 1]);
    await second.close();
  });
});

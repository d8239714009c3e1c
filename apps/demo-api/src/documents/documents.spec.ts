import type { DocumentEvent, DocumentInfo, Person } from 'demo-contract';
import { beforeAll, describe, expect, it } from 'vitest';
import * as Y from 'yjs';
import { withApi } from '../with-api.fixture.ts';

/** A page's copy of a document. */
function createCopy(): {
  document: Y.Doc;
  take(event: DocumentEvent | undefined): void;
  text(): string;
  type(text: string): string;
} {
  const document = new Y.Doc();
  const content = document.getText('content');
  return {
    document,
    take(event) {
      if (event !== undefined && event.kind !== 'cursor') Y.applyUpdate(document, Buffer.from(event.update, 'base64'));
    },
    // eslint-disable-next-line @typescript-eslint/no-base-to-string -- a Y.Text is its text
    text: () => content.toString(),
    type(text) {
      const before = Y.encodeStateVector(document);
      content.insert(content.length, text);
      return Buffer.from(Y.encodeStateAsUpdate(document, before)).toString('base64');
    },
  };
}

describe('a document', () => {
  const held = withApi();
  let bob: Person;
  let shared: DocumentInfo;

  beforeAll(async () => {
    bob = await held.api.json<Person>('bob', 'GET', '/me');
    shared = await held.api.json<DocumentInfo>('alice', 'POST', '/documents', { title: 'Ours', sharedWith: [bob.id] });
  });
  const send = (who: 'alice' | 'bob', update: string, id = shared.id) =>
    held.api.call(who, 'POST', `/documents/${id}/updates`, { clientId: who, update });

  it('is listed for those who may open it, and notified to those it was shared with', async () => {
    const mine = await held.api.json<DocumentInfo>('alice', 'POST', '/documents', { title: 'Mine', sharedWith: [] });
    const titles = async (who: 'alice' | 'bob') =>
      (await held.api.json<DocumentInfo[]>(who, 'GET', '/documents')).map(({ title }) => title);
    expect([await titles('alice'), await titles('bob')]).toEqual([['Ours', 'Mine'], ['Ours']]);
    const notices = held.api.follow<{ message: string }>('bob', '/notifications/stream', { lastEventId: 'all' });
    await notices.until(({ data }) => data.message === 'Ours');
    // A document of another user is answered like one that does not exist.
    for (const id of [mine.id, 'nowhere']) {
      expect((await held.api.call('bob', 'GET', `/documents/stream/${id}`)).status).toBe(404);
      expect((await send('bob', createCopy().type('x'), id)).status).toBe(404);
      expect((await held.api.call('bob', 'POST', `/documents/${id}/cursor`, {})).status).toBe(404);
    }
  });

  it('is complete for a late reader, and resumes for one that was disconnected', async () => {
    const [hers, his] = [createCopy(), createCopy()];
    const alice = held.api.follow<DocumentEvent>('alice', `/documents/stream/${shared.id}`);
    expect((await alice.until(() => true))[0]?.data.kind).toBe('snapshot');
    expect((await send('alice', hers.type('one '))).status).toBe(204);
    await alice.until(({ data }) => data.kind === 'update' && data.from === 'alice');
    alice.close();

    const late = held.api.follow<DocumentEvent>('bob', `/documents/stream/${shared.id}`);
    his.take((await late.until(() => true))[0]?.data);
    expect(his.text()).toBe('one ');
    await send('bob', his.type('two '));

    const back = held.api.follow<DocumentEvent>('alice', `/documents/stream/${shared.id}`, {
      lastEventId: alice.lastEventId,
    });
    const missed = await back.until(({ data }) => data.kind === 'update' && data.from === 'bob');
    expect(missed.some(({ data }) => data.kind === 'snapshot')).toBe(false);
    for (const { data } of missed) hers.take(data);
    expect(hers.text()).toBe('one two ');

    const lost = held.api.follow<DocumentEvent>('alice', `/documents/stream/${shared.id}`, {
      lastEventId: 'of-another-log',
    });
    const [snapshot] = await lost.until(() => true);
    const anew = createCopy();
    anew.take(snapshot?.data);
    expect([lost.gaps.length, anew.text()]).toEqual([1, 'one two ']);
    for (const stream of [late, back, lost]) stream.close();
  });

  it('shows where others are, until they move on or leave', async () => {
    const move = (range: unknown) =>
      held.api.call('bob', 'POST', `/documents/${shared.id}/cursor`, { clientId: 'page', range });
    const watching = held.api.follow<DocumentEvent>('alice', `/documents/stream/${shared.id}`);
    const his = held.api.follow<DocumentEvent>('bob', `/documents/stream/${shared.id}`);
    await Promise.all([watching.until(() => true), his.until(() => true)]);
    expect((await move({ anchor: '{}', head: '{}' })).status).toBe(204);
    await watching.until(({ data }) => data.kind === 'cursor' && data.cursor.person.id === bob.id);
    const [snapshot] = await held.api
      .follow<DocumentEvent>('alice', `/documents/stream/${shared.id}`)
      .until(() => true);
    expect(snapshot?.data).toMatchObject({ people: [{ clientId: 'page', person: { id: bob.id } }] });
    his.close();
    await watching.until(({ data }) => data.kind === 'cursor' && data.cursor.range === null);
    watching.close();
  });

  it.each([
    ['no update', 'bm90aGluZyBvZiBZanM=', 400, 'invalid-update'],
    ['no base64', '%%%', 400, 'invalid-body'],
  ])('refuses what is %s, and stays as it is', async (_, update, status, code) => {
    const response = await send('alice', update);
    expect([response.status, await response.json()]).toMatchObject([status, { code }]);
  });

  it('takes a large paste, and refuses one that is too large', async () => {
    const { id } = await held.api.json<DocumentInfo>('alice', 'POST', '/documents', { title: 'Large', sharedWith: [] });
    expect((await send('alice', createCopy().type('x'.repeat(900_000)), id)).status).toBe(204);
    const more = await send('alice', createCopy().type('x'.repeat(200_000)), id);
    expect([more.status, await more.json()]).toMatchObject([413, { code: 'document-too-large' }]);
    const stream = held.api.follow<DocumentEvent>('alice', `/documents/stream/${id}`);
    const copy = createCopy();
    copy.take((await stream.until(() => true))[0]?.data);
    expect(copy.text()).toHaveLength(900_000);
  });

  it('is shared with known users only', async () => {
    const response = await held.api.call('alice', 'POST', '/documents', { title: 'x', sharedWith: ['nobody'] });
    expect([response.status, await response.json()]).toMatchObject([404, { code: 'unknown-person' }]);
  });
});

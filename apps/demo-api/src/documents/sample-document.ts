import type { Person } from 'demo-contract';
import { Doc, encodeStateAsUpdate } from 'yjs';
import type { DemoContext } from '../demo-context.ts';
import type { Documents } from './documents.ts';

const title = 'Sample: notes of a meeting';
const text = `Write here, and open this page in a second window: both have the same text, letter by letter.

Things to try
- Cut the network, write on, and let it return: nothing is lost.
- Create a document that you share with Bob, and write it at the same time.
- Leave the page while it is not saved: it is sent as soon as the API can be reached.
`;

/** Gives each user one document to begin with, once: a user who deletes it does not get it again. */
export function createSampleDocuments(
  { config, stores }: Pick<DemoContext, 'config' | 'stores'>,
  documents: Documents,
): (owner: Person) => Promise<void> {
  const given = stores.state.table<true>('sample-document', { perOwner: 1, past: 'refuse' });
  return async (owner) => {
    if (config.SAMPLE_DATA === 'off' || given.get(owner.id) === true) return;
    given.set(owner.id, true, owner.id);
    const { id } = documents.create({ title, owner, sharedWith: [] });
    const document = new Doc();
    document.getText('text').insert(0, text);
    await documents.update(id, encodeStateAsUpdate(document), 'sample');
  };
}

import { randomUUID } from 'node:crypto';
import { formatEventId, type StreamSnapshot } from '@sillage/server';
import type { DocumentCursor, DocumentEvent, DocumentInfo } from 'demo-contract';
import type { DemoContext } from '../demo-context.ts';
import { createCursors } from './cursors.ts';
import { createSharedText, type SharedText } from './shared-text.ts';

interface KeptText {
  /** Base64. */
  readonly update: string;
}

export interface Documents {
  /** @throws LimitReached if the owner has too many. */
  create(document: Omit<DocumentInfo, 'id'>): DocumentInfo;
  /** @returns whether it was the user's own. */
  remove(id: string, personId: string): boolean;
  /** The document; `undefined` if there is none that the user may open. */
  find(id: string, personId: string): DocumentInfo | undefined;
  /** The documents that the user may open. */
  openTo(personId: string): DocumentInfo[];
  snapshot(id: string): StreamSnapshot;
  /** Resolves once the update is durable. @throws UpdateRefused, and nothing has changed. */
  update(id: string, update: Uint8Array, from: string): Promise<void>;
  moveCursor(id: string, cursor: DocumentCursor): Promise<void>;
}

const prefix = 'documents/';
/** How many documents one user may own. */
const maxDocuments = 100;
/** How many are in memory at once; the others are read when they are needed. */
const maxLoaded = 20;

export function documentTopic(id: string): string {
  return `${prefix}${id}`;
}

/** The documents that several users edit. */
export function createDocuments({ hub, listeners, stores, onClose }: DemoContext): Documents {
  const limits = { perOwner: maxDocuments, past: 'refuse' } as const;
  const infos = stores.state.table<DocumentInfo>('document', limits);
  const texts = stores.state.table<KeptText>('document-text', limits);
  const loaded = new Map<string, { readonly text: SharedText; readonly kept: string | undefined }>();
  const cursors = createCursors();
  let isClosing = false;
  onClose(() => {
    isClosing = true;
  });

  const mayOpen = ({ owner, sharedWith }: DocumentInfo, personId: string): boolean =>
    owner.id === personId || sharedWith.includes(personId);

  function load(id: string): SharedText {
    const kept = texts.get(id)?.update;
    const before = loaded.get(id);
    const text = before?.text ?? createSharedText(kept === undefined ? undefined : Buffer.from(kept, 'base64'));
    // Another process may have stored more. Yjs ignores what this one has already.
    if (before !== undefined && kept !== undefined && before.kept !== kept) text.apply(Buffer.from(kept, 'base64'));
    loaded.delete(id);
    loaded.set(id, { text, kept });
    for (const oldest of loaded.keys()) {
      if (loaded.size <= maxLoaded) break;
      loaded.delete(oldest);
    }
    return text;
  }

  function publish(id: string, data: DocumentEvent): Promise<string> {
    return hub.publish(documentTopic(id), { data });
  }

  // A page may be closed without saying so: the last session of a user in a document removes the user's cursors.
  listeners.watch(prefix, (topic, { key }) => {
    if (isClosing || listeners.people(topic).has(key)) return;
    const id = topic.slice(prefix.length);
    for (const cursor of cursors.removePerson(id, key)) {
      // If the log cannot store it, the next snapshot shows it.
      publish(id, { kind: 'cursor', cursor: { ...cursor, range: null } }).catch(() => undefined);
    }
  });

  return {
    create(document) {
      const info = { ...document, id: randomUUID() };
      infos.set(info.id, info, info.owner.id);
      return info;
    },
    remove(id, personId) {
      if (infos.get(id)?.owner.id !== personId) return false;
      infos.delete(id);
      texts.delete(id);
      loaded.delete(id);
      return true;
    },
    find(id, personId) {
      const info = infos.get(id);
      return info !== undefined && mayOpen(info, personId) ? info : undefined;
    },
    openTo: (personId) => infos.values().filter((info) => mayOpen(info, personId)),
    snapshot(id) {
      const after = formatEventId(hub.position);
      const data: DocumentEvent = { kind: 'snapshot', update: toBase64(load(id).state), people: cursors.of(id) };
      return { after, event: { data } };
    },
    async update(id, update, from) {
      // First the state, then the event: a new reader may get an update twice, which Yjs ignores, but misses none.
      const store = (): KeptText => {
        const text = load(id);
        text.apply(update);
        return { update: toBase64(text.state) };
      };
      texts.update(id, store, infos.get(id)?.owner.id ?? '');
      await publish(id, { kind: 'update', update: toBase64(update), from });
    },
    async moveCursor(id, cursor) {
      // In the durable log, though a cursor may be lost: a stream has one log, and its updates need that one.
      if (cursors.set(id, cursor)) await publish(id, { kind: 'cursor', cursor });
    },
  };
}

function toBase64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64');
}

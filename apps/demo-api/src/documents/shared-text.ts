import * as Y from 'yjs';

/** The largest document, with all of its history: what a newcomer gets in one event. */
export const maxDocumentBytes = 2 ** 20;

/** Why an update was not taken. */
export class UpdateRefused extends Error {
  override readonly name = 'UpdateRefused';
  readonly code: 'invalid-update' | 'document-too-large';

  constructor(code: UpdateRefused['code'], message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** A Yjs document, in its binary form alone: merging needs no document, and what is not loaded cannot be out of date. */
export interface SharedText {
  /** All of it, as one update. */
  readonly state: Uint8Array;
  /** @throws UpdateRefused, and nothing has changed. */
  apply(update: Uint8Array): void;
}

export function createSharedText(initial?: Uint8Array): SharedText {
  let document = load(initial);
  let state = Y.encodeStateAsUpdate(document);
  return {
    get state() {
      return state;
    },
    apply(update) {
      try {
        // First, as a document is half changed by an update that ends in the middle.
        Y.decodeUpdate(update);
        Y.applyUpdate(document, update);
        const next = Y.encodeStateAsUpdate(document);
        if (next.byteLength <= maxDocumentBytes) {
          state = next;
          return;
        }
      } catch (cause) {
        document = load(state);
        throw new UpdateRefused('invalid-update', 'This is no update of Yjs: encode it with Y.encodeStateAsUpdate.', {
          cause,
        });
      }
      document = load(state);
      throw new UpdateRefused('document-too-large', `The document would be larger than ${maxDocumentBytes} bytes.`);
    },
  };
}

function load(state?: Uint8Array): Y.Doc {
  const document = new Y.Doc();
  if (state !== undefined) Y.applyUpdate(document, state);
  return document;
}

import * as Y from 'yjs';
import {
  countDocumentStructs,
  countStructs,
  maxDocumentStructs,
  maxIntegrationSteps,
  TooManyStructs,
} from './update-limits.ts';

/** The largest document with its whole history, which a new reader receives in one event. */
export const maxDocumentBytes = 2 ** 20;

/** Thrown for an update that is refused. */
export class UpdateRefused extends Error {
  override readonly name = 'UpdateRefused';
  /** Stable over versions. */
  readonly code: 'invalid-update' | 'missing-updates' | 'update-too-complex' | 'document-too-large';

  constructor(code: UpdateRefused['code'], message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** A Yjs document. An update is checked before it is applied: Yjs would apply one of any cost, and block everybody meanwhile. */
export interface SharedText {
  /** The whole document as one update. */
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
      // Before it is applied: a document is half changed by an update that ends in the middle.
      const structs = check(update, document);
      if (structs === 0) return;
      try {
        Y.applyUpdate(document, update);
        if (hasPending(document)) throw missingUpdates();
        const next = Y.encodeStateAsUpdate(document);
        if (next.byteLength <= maxDocumentBytes && countDocumentStructs(document) <= maxDocumentStructs) {
          state = next;
          return;
        }
      } catch (cause) {
        document = load(state);
        throw cause instanceof UpdateRefused ? cause : invalidUpdate(cause);
      }
      document = load(state);
      const limits = `${maxDocumentBytes} bytes or ${maxDocumentStructs} structs`;
      throw new UpdateRefused('document-too-large', `The document would have more than ${limits}.`);
    },
  };
}

/** @throws UpdateRefused if the update is not valid, or costs too much to integrate into the document. */
function check(update: Uint8Array, document: Y.Doc): number {
  let structs: number;
  try {
    structs = countStructs(update);
  } catch (cause) {
    if (!(cause instanceof TooManyStructs)) throw invalidUpdate(cause);
    throw new UpdateRefused('update-too-complex', `${cause.message} Send it in several updates.`, { cause });
  }
  if (structs * countDocumentStructs(document) <= maxIntegrationSteps) return structs;
  throw new UpdateRefused(
    'update-too-complex',
    'The update is too complex for this document. Send it in several updates.',
  );
}

/** Whether structs wait for others. Yjs would integrate all of them at once when those arrive. */
function hasPending({ store }: Y.Doc): boolean {
  return store.pendingStructs !== null || store.pendingDs !== null;
}

function missingUpdates(): UpdateRefused {
  return new UpdateRefused(
    'missing-updates',
    'The update depends on others that the document does not have. Send those first.',
  );
}

function invalidUpdate(cause: unknown): UpdateRefused {
  return new UpdateRefused('invalid-update', 'This is not an update of Yjs. Encode it with Y.encodeStateAsUpdate.', {
    cause,
  });
}

function load(state?: Uint8Array): Y.Doc {
  const document = new Y.Doc();
  if (state !== undefined) Y.applyUpdate(document, state);
  return document;
}

import type { DocumentCursor } from 'demo-contract';

/** The cursors in the documents, now. Not stored: after a restart, pages send them again with their next movement. */
export interface Cursors {
  of(documentId: string): DocumentCursor[];
  /** @returns whether anything changed. */
  set(documentId: string, cursor: DocumentCursor): boolean;
  /** Removes a user's cursors from a document. @returns the removed cursors. */
  removePerson(documentId: string, personId: string): DocumentCursor[];
}

const maxPerDocument = 100;
/** One per page: more would leave no cursor to the others. */
const maxPerPerson = 10;

export function createCursors(): Cursors {
  const byDocument = new Map<string, Map<string, DocumentCursor>>();

  function remove(documentId: string, clientId: string): boolean {
    const cursors = byDocument.get(documentId);
    const wasThere = cursors?.delete(clientId) ?? false;
    if (cursors?.size === 0) byDocument.delete(documentId);
    return wasThere;
  }

  return {
    of: (documentId) => [...(byDocument.get(documentId)?.values() ?? [])],
    set(documentId, cursor) {
      const { clientId, person, range } = cursor;
      const cursors = byDocument.get(documentId) ?? new Map<string, DocumentCursor>();
      const before = cursors.get(clientId);
      // A page cannot move the cursor of another user.
      if (before !== undefined && before.person.id !== person.id) return false;
      if (range === null) return remove(documentId, clientId);
      if (before === undefined) {
        const own = Array.from(cursors.values()).filter((other) => other.person.id === person.id);
        if (cursors.size >= maxPerDocument || own.length >= maxPerPerson) return false;
      }
      cursors.set(clientId, cursor);
      byDocument.set(documentId, cursors);
      return true;
    },
    removePerson(documentId, personId) {
      const theirs = this.of(documentId).filter(({ person }) => person.id === personId);
      for (const { clientId } of theirs) remove(documentId, clientId);
      return theirs;
    },
  };
}

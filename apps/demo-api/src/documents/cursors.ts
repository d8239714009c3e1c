import type { DocumentCursor } from 'demo-contract';

/** Where people are in documents, at this moment. Not kept: after a restart, pages tell it anew with their next movement. */
export interface Cursors {
  of(documentId: string): DocumentCursor[];
  /** Answers whether anything changed. */
  set(documentId: string, cursor: DocumentCursor): boolean;
  /** Takes a person out of a document; answers the cursors that were theirs. */
  removePerson(documentId: string, personId: string): DocumentCursor[];
}

const maxPerDocument = 100;

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
      // A page cannot move the cursor of somebody else's.
      if (before !== undefined && before.person.id !== person.id) return false;
      if (range === null) return remove(documentId, clientId);
      if (before === undefined && cursors.size >= maxPerDocument) return false;
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

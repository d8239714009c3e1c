import * as Y from 'yjs';
import { fromBase64 } from './base64';

/** Marks what came from the API: it is not to be sent back. */
const remote = Symbol('remote');

/** A text that several people write: a Yjs document, and what of it the API does not have yet. */
export class DocumentText {
  readonly #doc = new Y.Doc();
  /** Local updates that the API has not acknowledged, the oldest first. Merged whenever they are sent: it stays short. */
  #unsent: Uint8Array[] = [];

  readonly text = this.#doc.getText('text');

  /** @param onLocalChange called when there is something to send. */
  constructor(onLocalChange: () => void) {
    this.#doc.on('update', (update: Uint8Array, origin: unknown) => {
      if (origin === remote) return;
      this.#unsent.push(update);
      onLocalChange();
    });
  }

  get hasUnsent(): boolean {
    return this.#unsent.length > 0;
  }

  /** Takes in what the API sent. The same update twice changes nothing. */
  receive(update: string): void {
    Y.applyUpdate(this.#doc, fromBase64(update), remote);
  }

  /** What is to be sent, as one update; `null` where there is nothing. Hand it back to {@link restore} where it did not arrive. */
  take(): Uint8Array | null {
    const unsent = this.#unsent;
    this.#unsent = [];
    return unsent.length === 0 ? null : Y.mergeUpdates(unsent);
  }

  /** As {@link take}, and leaves it here. */
  peek(): Uint8Array | null {
    return this.hasUnsent ? Y.mergeUpdates(this.#unsent) : null;
  }

  /** Takes in what was written here before and may not have been sent: as if it had been written now. */
  adopt(update: Uint8Array): void {
    Y.applyUpdate(this.#doc, update);
    // What the document had already causes no event, and may still be unknown to the API.
    if (!this.hasUnsent) this.#unsent.push(update);
  }

  restore(update: Uint8Array): void {
    this.#unsent.unshift(update);
  }

  /** A place in the text that stays with its letters, whatever others write before it. */
  placeOf(index: number): string {
    return JSON.stringify(Y.createRelativePositionFromTypeIndex(this.text, index));
  }

  /** Where a place is now; `null` where it is of another text, or no place. */
  indexOf(place: string): number | null {
    try {
      const position = Y.createRelativePositionFromJSON(JSON.parse(place));
      const found = Y.createAbsolutePositionFromRelativePosition(position, this.#doc);
      return found?.type === this.text ? found.index : null;
    } catch {
      // It came from another person's page: what it may be wrong about is a cursor, not the text.
      return null;
    }
  }

  destroy(): void {
    this.#doc.destroy();
  }
}

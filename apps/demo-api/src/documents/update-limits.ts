import * as Y from 'yjs';

/**
 * The largest update, in structs (insertions and removals that Yjs cannot merge). What a user typed offline for hours has some hundreds. Yjs
 * integrates each struct by walking over those that conflict with it, so an update that conflicts with itself costs the square of this.
 */
export const maxUpdateStructs = 2_000;
/** The largest document, in structs. */
export const maxDocumentStructs = 20_000;
/**
 * The structs of an update, times those of the document: what its integration costs if all of them conflict. A step takes about 0.1 µs, so
 * an update holds the event loop up for a fifth of a second at most.
 */
export const maxIntegrationSteps = 2_000_000;

/** Thrown while an update is decoded, as soon as it has too many structs: to decode all of them would take too long already. */
export class TooManyStructs extends Error {
  override readonly name = 'TooManyStructs';
}

/** A decoder that counts. Each struct begins with its info byte, and each removed range with its clock. */
class CountingDecoder extends Y.UpdateDecoderV1 {
  private count = 0;

  override readInfo(): number {
    this.add();
    return super.readInfo();
  }

  override readDsClock(): number {
    this.add();
    return super.readDsClock();
  }

  private add(): void {
    this.count += 1;
    if (this.count > maxUpdateStructs)
      throw new TooManyStructs(`The update has more than ${maxUpdateStructs} structs.`);
  }
}

/**
 * Decodes an update without applying it, and returns how many structs and removed ranges it has.
 *
 * @throws TooManyStructs past {@link maxUpdateStructs}; another error if it is not an update of Yjs.
 */
export function countStructs(update: Uint8Array): number {
  const { structs, ds } = Y.decodeUpdateV2(update, CountingDecoder);
  return structs.length + Array.from(ds.clients.values(), (ranges) => ranges.length).reduce((sum, n) => sum + n, 0);
}

/** How many structs a document has. Complexity: the number of clients that ever wrote in it. */
export function countDocumentStructs({ store }: Y.Doc): number {
  let count = 0;
  for (const structs of store.clients.values()) count += structs.length;
  return count;
}

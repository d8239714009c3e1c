import type { Gap } from '../event.ts';

/** More events than this during one rotation are not remembered: the rotation is given up, and tried again later. */
const maxRememberedIds = 16_384;

/**
 * The events of one rotation (PROTOCOL 9.4): those that the old connection delivered while the new one was opened, so that what the new one repeats
 * of them can be skipped.
 */
export class Handover {
  /** How often each ID was delivered and not repeated yet. */
  readonly #counts = new Map<string, number>();
  #size = 0;
  /** A gap that is reported only if what follows was not delivered already (PROTOCOL 9.5). */
  heldGap: { readonly gap: Gap; readonly id: string } | undefined;

  /** Whether everything was repeated. */
  get isOver(): boolean {
    return this.#size === 0;
  }

  /** @returns `'full'` if the event could not be remembered. */
  remember(id: string): 'remembered' | 'full' {
    if (this.#size >= maxRememberedIds) return 'full';
    this.#size += 1;
    this.#counts.set(id, (this.#counts.get(id) ?? 0) + 1);
    return 'remembered';
  }

  /** Whether the event was delivered by the old connection. Each delivery is repeated once. */
  repeats(id: string): boolean {
    const count = this.#counts.get(id);
    if (count === undefined) return false;
    this.#size -= 1;
    if (count === 1) this.#counts.delete(id);
    else this.#counts.set(id, count - 1);
    return true;
  }
}

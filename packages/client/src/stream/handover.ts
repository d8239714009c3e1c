import type { Gap } from '../event.ts';

/** More events than this during one rotation are not remembered: the rotation is given up, and tried again later. */
const maxRememberedIds = 16_384;

/**
 * The events of one rotation (PROTOCOL 9.4): it remembers what the old connection delivers while the new one is opened, and says what of the
 * new one repeats that.
 */
export class Handover {
  /** How often each ID was delivered and not repeated yet. */
  readonly #counts = new Map<string, number>();
  #size = 0;
  #phase: 'remembering' | 'skipping' = 'remembering';
  /** A gap that is reported only if what follows was not delivered already (PROTOCOL 9.5). */
  heldGap: { readonly gap: Gap; readonly id: string } | undefined;

  /** Whether everything that the old connection delivered was repeated. */
  get isOver(): boolean {
    return this.#phase === 'skipping' && this.#size === 0;
  }

  /** From here on, events are those of the new connection. */
  skip(): void {
    this.#phase = 'skipping';
  }

  /** Whether the connection of the next event may repeat something. */
  get isSkipping(): boolean {
    return this.#phase === 'skipping';
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

import type { Observable, Subscription } from 'rxjs';
import { mergeUpdates } from 'yjs';
import { toBase64 } from './base64';
import type { DocumentText } from './document-text';

export type SavedState = 'saved' | 'saving' | 'failing';

interface UpdateSenderOptions {
  readonly text: DocumentText;
  readonly send: (update: string) => Observable<unknown>;
  readonly onState: (state: SavedState, error: unknown) => void;
  /** Called with everything that has not arrived, whenever that changes; `null`: all of it has. */
  readonly keep: (unsent: string | null) => void;
  /** Whether to go on trying once the page is left. @returns `false` after a sign-out. */
  readonly isWanted: () => boolean;
}

/** Keystrokes that are sent together. */
const batchMs = 120;
const firstRetryMs = 1_000;
const lastRetryMs = 15_000;

/**
 * Sends what the user writes, one request at a time. What does not arrive is kept, and sent again with what was written since, also after
 * the page was left.
 */
export class UpdateSender {
  readonly #text: DocumentText;
  readonly #send: UpdateSenderOptions['send'];
  readonly #onState: UpdateSenderOptions['onState'];
  readonly #keep: UpdateSenderOptions['keep'];
  readonly #isWanted: UpdateSenderOptions['isWanted'];
  #timer: ReturnType<typeof setTimeout> | null = null;
  #request: Subscription | null = null;
  #inFlight: Uint8Array | null = null;
  #failures = 0;
  #page: 'open' | 'left' = 'open';

  constructor({ text, send, onState, keep, isWanted }: UpdateSenderOptions) {
    this.#keep = keep;
    this.#isWanted = isWanted;
    this.#text = text;
    this.#send = send;
    this.#onState = onState;
  }

  /** There is something to send. */
  schedule(): void {
    this.#keepUnsent();
    if (this.#failures === 0) this.#onState('saving', null);
    if (this.#request === null) this.#wait(this.#failures === 0 ? batchMs : firstRetryMs);
  }

  /** Sends at once what is left: the API can be reached again, or the page is being left. */
  flush(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    if (this.#request !== null) return;
    if (this.#page === 'left' && !this.#isWanted()) return;
    const update = this.#text.take();
    if (update === null) return;
    this.#inFlight = update;
    // Not ended with the page: the last words of whoever leaves are to arrive.
    this.#request = this.#send(toBase64(update)).subscribe({
      error: (error: unknown) => {
        this.#request = this.#inFlight = null;
        this.#text.restore(update);
        this.#failures += 1;
        this.#onState('failing', error);
        this.#wait(Math.min(lastRetryMs, firstRetryMs * 2 ** (this.#failures - 1)));
      },
      complete: () => {
        this.#request = this.#inFlight = null;
        this.#failures = 0;
        if (this.#text.hasUnsent) this.schedule();
        else {
          this.#keep(null);
          this.#onState('saved', null);
        }
      },
    });
  }

  /** The page is left: sends what is left now, and goes on until it has arrived. */
  close(): void {
    this.#page = 'left';
    this.flush();
  }

  #keepUnsent(): void {
    const parts = [this.#inFlight, this.#text.peek()].filter((part) => part !== null);
    if (parts.length > 0) this.#keep(toBase64(mergeUpdates(parts)));
  }

  #wait(ms: number): void {
    this.#timer ??= setTimeout(() => this.flush(), ms);
  }
}

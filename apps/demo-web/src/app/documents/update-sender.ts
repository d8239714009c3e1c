import type { Observable, Subscription } from 'rxjs';
import { toBase64 } from './base64';
import type { DocumentText } from './document-text';

export type SavedState = 'saved' | 'saving' | 'failing';

interface UpdateSenderOptions {
  readonly text: DocumentText;
  readonly send: (update: string) => Observable<unknown>;
  readonly onState: (state: SavedState, error: unknown) => void;
}

/** Keystrokes that are sent together. */
const batchMs = 120;
const firstRetryMs = 1_000;
const lastRetryMs = 15_000;

/**
 * Sends what the person writes, one request at a time. What does not arrive is kept, and sent again with what was written since: nothing
 * is lost as long as the page is open.
 */
export class UpdateSender {
  readonly #text: DocumentText;
  readonly #send: UpdateSenderOptions['send'];
  readonly #onState: UpdateSenderOptions['onState'];
  #timer: ReturnType<typeof setTimeout> | null = null;
  #request: Subscription | null = null;
  #failures = 0;

  constructor({ text, send, onState }: UpdateSenderOptions) {
    this.#text = text;
    this.#send = send;
    this.#onState = onState;
  }

  /** There is something to send. */
  schedule(): void {
    if (this.#failures === 0) this.#onState('saving', null);
    if (this.#request === null) this.#wait(this.#failures === 0 ? batchMs : firstRetryMs);
  }

  /** Sends at once what is left: the API can be reached again, or the page is being left. */
  flush(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    if (this.#request !== null) return;
    const update = this.#text.take();
    if (update === null) return;
    // Not ended with the page: the last words of whoever leaves are to arrive.
    this.#request = this.#send(toBase64(update)).subscribe({
      error: (error: unknown) => {
        this.#request = null;
        this.#text.restore(update);
        this.#failures += 1;
        this.#onState('failing', error);
        this.#wait(Math.min(lastRetryMs, firstRetryMs * 2 ** (this.#failures - 1)));
      },
      complete: () => {
        this.#request = null;
        this.#failures = 0;
        if (this.#text.hasUnsent) this.schedule();
        else this.#onState('saved', null);
      },
    });
  }

  /** Sends what is left, and does not try again. */
  close(): void {
    this.flush();
    this.#wait = () => undefined;
  }

  #wait = (ms: number): void => {
    this.#timer ??= setTimeout(() => this.flush(), ms);
  };
}

import { Component, computed, DestroyRef, inject, signal } from '@angular/core';
import { takeUntilDestroyed } from '@angular/core/rxjs-interop';
import { FormControl, FormGroup, ReactiveFormsModule } from '@angular/forms';
import { MatButton } from '@angular/material/button';
import { MatFormFieldModule } from '@angular/material/form-field';
import { MatInput } from '@angular/material/input';
import { AssistantApi, describeError, SseApiService } from '@app/api';
import { StickToEnd } from '@app/stick-to-end';
import { StreamStateLine } from '@app/stream';
import { createExchange, type Exchange } from './exchange';

/** Exchanges that the page keeps; the oldest go first. */
const maxExchanges = 50;

/** Questions, and answers that stream in. A conversation lasts as long as the page. */
@Component({
  selector: 'app-assistant',
  imports: [MatButton, MatFormFieldModule, MatInput, ReactiveFormsModule, StickToEnd, StreamStateLine],
  templateUrl: './assistant.html',
  styleUrl: './assistant.scss',
})
export class Assistant {
  readonly #api = inject(AssistantApi);
  readonly #sse = inject(SseApiService);
  readonly #destroyRef = inject(DestroyRef);
  readonly #conversationId = crypto.randomUUID();
  readonly #exchanges = signal<readonly Exchange[]>([]);

  protected readonly exchanges = this.#exchanges.asReadonly();
  protected readonly current = computed(() => this.#exchanges().at(-1) ?? null);
  /** What the conversation grows with: another exchange, or another token. */
  protected readonly growth = computed(
    () => `${this.current()?.key ?? 0}/${this.current()?.answer().length ?? 0}/${this.status()}`,
  );
  protected readonly status = computed(() => this.current()?.status() ?? 'idle');
  protected readonly description = signal<string | null>(null);
  /** `null`: that of the page, as far as anybody knows. */
  protected readonly answerLanguage = signal<'en' | null>(null);
  protected readonly problem = signal<string | null>(null);
  protected readonly prompt = new FormControl('', { nonNullable: true });
  protected readonly form = new FormGroup({ prompt: this.prompt });

  constructor() {
    this.describe();
    this.#destroyRef.onDestroy(() => this.stop());
  }

  protected describe(): void {
    this.problem.set(null);
    this.#api
      .info()
      .pipe(takeUntilDestroyed(this.#destroyRef))
      .subscribe({
        next: ({ kind, description }) => {
          // The documentation that the embedded one quotes is English.
          this.answerLanguage.set(kind === 'embedded' ? 'en' : null);
          this.description.set(
            // In English, as the API says it; elsewhere, as the page can.
            kind === 'embedded'
              ? $localize`:@@assistant.embedded:${description}:description:`
              : $localize`:@@assistant.upstream:${description}:description:`,
          );
        },
        error: (error: unknown) => this.problem.set(describeError(error)),
      });
  }

  /** Enter asks, Shift+Enter breaks the line. */
  protected onEnter(event: Event): void {
    // This Enter ends a composition, such as of Japanese.
    if (event instanceof KeyboardEvent && event.isComposing) return;
    event.preventDefault();
    this.ask();
  }

  protected ask(): void {
    const question = this.prompt.value.trim();
    if (question === '' || this.form.invalid || this.status() === 'answering') return;
    const key = (this.current()?.key ?? 0) + 1;
    const exchange = createExchange(this.#sse, key, question, this.#conversationId);
    this.#exchanges.update((exchanges) => [...exchanges, exchange].slice(-maxExchanges));
    this.prompt.reset();
  }

  protected stop(): void {
    this.current()?.stop();
  }
}

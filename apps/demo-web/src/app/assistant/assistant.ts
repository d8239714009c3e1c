import { Component, computed, DestroyRef, inject, signal } from '@angular/core';
import { takeUntilDestroyed } from '@angular/core/rxjs-interop';
import { FormControl, FormGroup, ReactiveFormsModule } from '@angular/forms';
import { MatButton } from '@angular/material/button';
import { MatFormFieldModule } from '@angular/material/form-field';
import { MatInput } from '@angular/material/input';
import type { AssistantInfo, ConversationHistory } from 'demo-contract';
import { forkJoin } from 'rxjs';
import { AssistantApi, describeError, SseApiService } from '@app/api';
import { StickToEnd } from '@app/stick-to-end';
import { StreamStateLine } from '@app/stream';
import { beginConversation, currentConversation } from './conversation-id';
import { createExchange, pastExchange, type Exchange } from './exchange';

/** Exchanges that the page keeps; the oldest go first. */
const maxExchanges = 50;

/** Questions, and answers that stream in. A conversation is kept: after a reload it is there, and goes on. */
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
  readonly #exchanges = signal<readonly Exchange[]>([]);
  #conversationId = currentConversation();
  #lastKey = 0;

  protected readonly exchanges = this.#exchanges.asReadonly();
  protected readonly current = computed(() => this.#exchanges().at(-1) ?? null);
  /** What the conversation grows with: another exchange, or another token. */
  protected readonly growth = computed(
    () => `${this.current()?.key ?? 0}/${this.current()?.answer().length ?? 0}/${this.status()}`,
  );
  protected readonly status = computed(() => this.current()?.status() ?? 'idle');
  /** What is told of it: that an answer of before is complete is no news. */
  protected readonly news = computed(() => (this.current()?.origin === 'asked' ? this.status() : 'idle'));
  protected readonly description = signal<string | null>(null);
  /** `null`: that of the page, as far as anybody knows. */
  protected readonly answerLanguage = signal<'en' | null>(null);
  protected readonly problem = signal<string | null>(null);
  /** English, as the documentation is that they are answered from. */
  protected readonly samples = ['What is a gap?', 'How does a client resume?', 'What happens when a token expires?'];
  protected readonly prompt = new FormControl('', { nonNullable: true });
  protected readonly form = new FormGroup({ prompt: this.prompt });

  constructor() {
    this.load();
    this.#destroyRef.onDestroy(() => this.stop());
  }

  /** Who answers, and what was said before. */
  protected load(): void {
    this.problem.set(null);
    const conversationId = this.#conversationId;
    forkJoin([this.#api.info(), this.#api.conversation(conversationId)])
      .pipe(takeUntilDestroyed(this.#destroyRef))
      .subscribe({
        next: ([info, history]) => {
          this.#describe(info);
          // Whoever began another one meanwhile has no use for this.
          if (conversationId === this.#conversationId) this.#show(history);
        },
        error: (error: unknown) => this.problem.set(describeError(error)),
      });
  }

  #describe({ kind, description }: AssistantInfo): void {
    // The documentation that the embedded one quotes is English.
    this.answerLanguage.set(kind === 'embedded' ? 'en' : null);
    this.description.set(
      // In English, as the API says it; elsewhere, as the page can.
      kind === 'embedded'
        ? $localize`:@@assistant.embedded:${description}:description:`
        : $localize`:@@assistant.upstream:${description}:description:`,
    );
  }

  /** Before what was asked on this page, should somebody have been that quick. */
  #show({ turns, unfinished }: ConversationHistory): void {
    const past = turns.flatMap(({ role, content }, index) =>
      role === 'user' ? [pastExchange(this.#nextKey(), content, turns[index + 1]?.content ?? '')] : [],
    );
    const goingOn = unfinished === null ? [] : [this.#follow(unfinished.prompt, unfinished.answerId)];
    this.#exchanges.update((asked) => [...past, ...goingOn, ...asked].slice(-maxExchanges));
  }

  protected beginAnew(): void {
    this.stop();
    this.#conversationId = beginConversation();
    this.#exchanges.set([]);
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
    this.#exchanges.update((exchanges) => [...exchanges, this.#follow(question)].slice(-maxExchanges));
    this.prompt.reset();
  }

  protected askSample(question: string): void {
    this.prompt.setValue(question);
    this.ask();
  }

  protected stop(): void {
    this.current()?.stop();
  }

  #follow(question: string, answerId?: string): Exchange {
    const asked = { key: this.#nextKey(), question, conversationId: this.#conversationId };
    return createExchange(this.#sse, answerId === undefined ? asked : { ...asked, answerId });
  }

  #nextKey(): number {
    this.#lastKey += 1;
    return this.#lastKey;
  }
}

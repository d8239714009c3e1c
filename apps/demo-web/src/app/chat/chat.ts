import { DatePipe } from '@angular/common';
import { Component, computed, DestroyRef, effect, inject, input, signal, untracked } from '@angular/core';
import { takeUntilDestroyed } from '@angular/core/rxjs-interop';
import { FormControl, FormGroup, ReactiveFormsModule } from '@angular/forms';
import { MatButton } from '@angular/material/button';
import { MatFormFieldModule } from '@angular/material/form-field';
import { MatInput } from '@angular/material/input';
import { Router } from '@angular/router';
import type { ChatMessage } from 'demo-contract';
import { ChatApi, describeError } from '@app/api';
import { Account } from '@app/sign-in';
import { StickToEnd } from '@app/stick-to-end';
import { StreamBar, StreamView } from '@app/stream';

/** One session: what was said before the page was opened, and what is said now. */
@Component({
  selector: 'app-chat',
  imports: [DatePipe, MatButton, MatFormFieldModule, MatInput, ReactiveFormsModule, StickToEnd, StreamBar],
  templateUrl: './chat.html',
  styleUrl: './chat.scss',
})
export class Chat {
  readonly #api = inject(ChatApi);
  readonly #router = inject(Router);
  readonly #destroyRef = inject(DestroyRef);
  readonly #account = inject(Account);

  /** From the route. */
  readonly sessionId = input.required<string>();

  protected readonly view = new StreamView<ChatMessage>({ maxItems: 300 });
  /** As people read a conversation: the newest last. */
  protected readonly messages = computed(() => this.view.items().toReversed());
  protected readonly you = $localize`:@@you:You`;
  protected readonly problem = signal<string | null>(null);
  protected readonly sending = signal<'idle' | 'busy'>('idle');
  protected readonly session = new FormControl('', { nonNullable: true });
  protected readonly sessionForm = new FormGroup({ session: this.session });
  protected readonly text = new FormControl('', { nonNullable: true });
  protected readonly messageForm = new FormGroup({ text: this.text });

  constructor() {
    effect(() => {
      const session = this.sessionId();
      untracked(() => {
        this.session.setValue(session);
        this.problem.set(null);
        this.view.open((config) => this.#api.messages(session, config));
      });
    });
  }

  protected isOwn({ from }: ChatMessage): boolean {
    return from.id === this.#account.personId();
  }

  protected async join(): Promise<void> {
    if (this.session.valid) await this.#router.navigate(['/chat', this.session.value]);
  }

  /** Enter sends, Shift+Enter breaks the line. */
  protected onEnter(event: Event): void {
    // This Enter ends a composition, such as of Japanese.
    if (event instanceof KeyboardEvent && event.isComposing) return;
    event.preventDefault();
    this.send();
  }

  protected send(): void {
    const text = this.text.value.trim();
    if (text === '' || this.text.invalid || this.sending() === 'busy') return;
    this.sending.set('busy');
    this.#api
      .send(this.sessionId(), text)
      .pipe(takeUntilDestroyed(this.#destroyRef))
      .subscribe({
        next: () => {
          this.text.reset();
          this.problem.set(null);
          this.sending.set('idle');
        },
        error: (error: unknown) => {
          this.problem.set($localize`:@@not-sent:Not sent. ${describeError(error)}:reason:`);
          this.sending.set('idle');
        },
      });
  }
}

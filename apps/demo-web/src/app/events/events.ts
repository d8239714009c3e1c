import { DatePipe } from '@angular/common';
import { Component, computed, DestroyRef, effect, inject, signal, untracked } from '@angular/core';
import { takeUntilDestroyed, toSignal } from '@angular/core/rxjs-interop';
import { FormControl, FormGroup, ReactiveFormsModule } from '@angular/forms';
import { MatButton } from '@angular/material/button';
import { MatCheckbox } from '@angular/material/checkbox';
import { MatFormFieldModule } from '@angular/material/form-field';
import { MatInput } from '@angular/material/input';
import type { TypedEventKind } from 'demo-contract';
import { concatMap, from } from 'rxjs';
import { describeError, EventApi, type KindedEvent } from '@app/api';
import { StreamBar, StreamView } from '@app/stream';

const kinds = ['chat', 'notification', 'status', 'update'] as const satisfies readonly TypedEventKind[];

/** What the types are called on the page. */
const kindNames: Readonly<Record<string, string>> = {
  chat: $localize`:@@events.kind.chat:chat`,
  notification: $localize`:@@events.kind.notification:notification`,
  status: $localize`:@@events.kind.status:status`,
  update: $localize`:@@events.kind.update:update`,
} satisfies Record<TypedEventKind, string>;

/** Events of several types on one stream, those asked for shown. */
@Component({
  selector: 'app-events',
  imports: [DatePipe, MatButton, MatCheckbox, MatFormFieldModule, MatInput, ReactiveFormsModule, StreamBar],
  templateUrl: './events.html',
  styleUrl: './events.scss',
})
export class Events {
  readonly #api = inject(EventApi);
  readonly #destroyRef = inject(DestroyRef);

  protected readonly kinds = kinds;
  protected readonly kindNames = kindNames;
  protected readonly wanted = new FormGroup({
    chat: new FormControl(true, { nonNullable: true }),
    notification: new FormControl(true, { nonNullable: true }),
    status: new FormControl(true, { nonNullable: true }),
    update: new FormControl(true, { nonNullable: true }),
  });
  readonly #wantedNow = toSignal(this.wanted.valueChanges, { initialValue: this.wanted.value });
  protected readonly wantedKinds = computed(() => kinds.filter((kind) => this.#wantedNow()[kind] === true));

  protected readonly view = new StreamView<KindedEvent>({ maxItems: 500 });
  protected readonly problem = signal<string | null>(null);
  protected readonly publishing = signal<'idle' | 'busy'>('idle');
  protected readonly type = new FormControl<TypedEventKind>('status', { nonNullable: true });
  protected readonly text = new FormControl('', { nonNullable: true });
  protected readonly form = new FormGroup({ type: this.type, text: this.text });

  /** Those of the types asked for now; the others come back with their type. */
  protected readonly shown = computed(() => {
    const wanted = new Set<string>(this.wantedKinds());
    return this.view.items().filter(({ data }) => wanted.has(data.type));
  });

  constructor() {
    effect(() => {
      const wanted = this.wantedKinds();
      untracked(() => this.view.switchTo((config) => this.#api.stream(wanted, config)));
    });
  }

  /** One event of each type, in order, to see them arrive. */
  protected publishSamples(): void {
    from(kinds)
      .pipe(
        concatMap((kind) => this.#api.publish(kind, $localize`:@@events.sample:A sample event`)),
        takeUntilDestroyed(this.#destroyRef),
      )
      .subscribe({ error: (error: unknown) => this.problem.set(describeError(error)) });
  }

  protected publish(): void {
    const text = this.text.value.trim();
    if (text === '' || this.form.invalid || this.publishing() === 'busy') return;
    this.publishing.set('busy');
    this.#api
      .publish(this.type.value, text)
      .pipe(takeUntilDestroyed(this.#destroyRef))
      .subscribe({
        next: () => {
          this.text.reset();
          this.problem.set(null);
          this.publishing.set('idle');
        },
        error: (error: unknown) => {
          this.problem.set($localize`:@@events.not-published:Not published. ${describeError(error)}:reason:`);
          this.publishing.set('idle');
        },
      });
  }
}

import { Component, computed, DestroyRef, inject, LOCALE_ID, signal } from '@angular/core';
import { takeUntilDestroyed } from '@angular/core/rxjs-interop';
import { FormControl, FormGroup, ReactiveFormsModule } from '@angular/forms';
import { MatButton } from '@angular/material/button';
import { MatFormFieldModule } from '@angular/material/form-field';
import { MatInput } from '@angular/material/input';
import { MatSelectModule } from '@angular/material/select';
import { Router, RouterLink } from '@angular/router';
import type { DocumentInfo, Person } from 'demo-contract';
import { describeError, DocumentApi, PeopleApi } from '@app/api';
import { Account } from '@app/sign-in';

/** The documents that the person may open, and a form for another. */
@Component({
  selector: 'app-documents',
  imports: [MatButton, MatFormFieldModule, MatInput, MatSelectModule, ReactiveFormsModule, RouterLink],
  templateUrl: './documents.html',
  styleUrl: './documents.scss',
})
export class Documents {
  readonly #api = inject(DocumentApi);
  readonly #peopleApi = inject(PeopleApi);
  readonly #account = inject(Account);
  readonly #router = inject(Router);
  readonly #destroyRef = inject(DestroyRef);
  readonly #list = new Intl.ListFormat(inject(LOCALE_ID));
  readonly #people = signal<readonly Person[]>([]);

  /** `null` until they are known. */
  protected readonly documents = signal<readonly DocumentInfo[] | null>(null);
  protected readonly others = computed(() => this.#people().filter(({ id }) => id !== this.#account.personId()));
  protected readonly problem = signal<string | null>(null);
  protected readonly creating = signal<'idle' | 'busy'>('idle');
  protected readonly form = new FormGroup({
    title: new FormControl('', { nonNullable: true }),
    sharedWith: new FormControl<readonly string[]>([], { nonNullable: true }),
  });

  constructor() {
    this.load();
  }

  protected load(): void {
    this.problem.set(null);
    const fail = (error: unknown): void => this.problem.set(describeError(error));
    this.#api
      .all()
      .pipe(takeUntilDestroyed(this.#destroyRef))
      .subscribe({ next: (documents) => this.documents.set(documents), error: fail });
    this.#peopleApi
      .all()
      .pipe(takeUntilDestroyed(this.#destroyRef))
      .subscribe({ next: (people) => this.#people.set(people), error: fail });
  }

  protected sharing({ owner, sharedWith }: DocumentInfo): string {
    const others = sharedWith.map((id) => this.#people().find((person) => person.id === id)?.name ?? id);
    if (owner.id !== this.#account.personId()) return $localize`:@@documents.from:Shared by ${owner.name}:name:`;
    return others.length === 0
      ? $localize`:@@documents.yours:Yours alone`
      : $localize`:@@documents.with:Yours, shared with ${this.#list.format(others)}:names:`;
  }

  protected create(): void {
    const { title, sharedWith } = this.form.getRawValue();
    if (title.trim() === '' || this.form.invalid || this.creating() === 'busy') return;
    this.creating.set('busy');
    this.#api
      .create({ title: title.trim(), sharedWith })
      .pipe(takeUntilDestroyed(this.#destroyRef))
      .subscribe({
        next: ({ id }) => void this.#router.navigate(['/documents', id]),
        error: (error: unknown) => {
          this.problem.set(describeError(error));
          this.creating.set('idle');
        },
      });
  }
}

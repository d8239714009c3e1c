import { DatePipe } from '@angular/common';
import { Component, DestroyRef, inject, LOCALE_ID, signal } from '@angular/core';
import { takeUntilDestroyed } from '@angular/core/rxjs-interop';
import { FormControl, FormGroup, ReactiveFormsModule, type FormGroupDirective } from '@angular/forms';
import { MatButton } from '@angular/material/button';
import { MatFormFieldModule } from '@angular/material/form-field';
import { MatInput } from '@angular/material/input';
import { MatSnackBar, MatSnackBarConfig } from '@angular/material/snack-bar';
import type { Notice, Person } from 'demo-contract';
import { filter, timer } from 'rxjs';
import { describeError, NotificationApi, PeopleApi } from '@app/api';
import { NoticeInbox } from '@app/inbox';
import { StreamBar } from '@app/stream';
import { describeNotice } from './describe-notice';

/** How often the list of recipients is renewed. */
const peopleEveryMs = 5_000;
const sentNotice = Object.assign(new MatSnackBarConfig(), { duration: 3_000 });

/** What others tell the person, and a form to tell others. */
@Component({
  selector: 'app-notifications',
  imports: [DatePipe, MatButton, MatFormFieldModule, MatInput, ReactiveFormsModule, StreamBar],
  templateUrl: './notifications.html',
  styleUrl: './notifications.scss',
})
export class Notifications {
  readonly #api = inject(NotificationApi);
  readonly #peopleApi = inject(PeopleApi);
  readonly #snackBar = inject(MatSnackBar);
  readonly #destroyRef = inject(DestroyRef);
  readonly #locale = inject(LOCALE_ID);

  protected readonly inbox = inject(NoticeInbox);
  /** What the problem is about: a list that is here again takes away no other one. */
  #failed: 'people' | 'nothing' = 'nothing';
  protected readonly people = signal<readonly Person[]>([]);
  protected readonly problem = signal<string | null>(null);
  protected readonly sending = signal<'idle' | 'busy'>('idle');
  protected readonly form = new FormGroup({
    to: new FormControl('', { nonNullable: true }),
    title: new FormControl('', { nonNullable: true }),
    message: new FormControl('', { nonNullable: true }),
  });

  /** In the page's language, where the notice says what it is about. */
  protected describe(notice: Notice): { readonly title: string; readonly message: string } {
    return describeNotice(notice, this.#locale);
  }

  constructor() {
    this.inbox.markRead();
    // Whoever signs in meanwhile can be written to without a click.
    timer(0, peopleEveryMs)
      .pipe(
        filter(() => !document.hidden),
        takeUntilDestroyed(),
      )
      .subscribe(() => this.loadPeople());
  }

  protected loadPeople(): void {
    this.#peopleApi
      .all()
      .pipe(takeUntilDestroyed(this.#destroyRef))
      .subscribe({
        next: (people) => {
          // The same list again would close the one that is being chosen from.
          if (JSON.stringify(people) !== JSON.stringify(this.people())) this.people.set(people);
          if (this.#failed === 'people') this.problem.set(null);
          this.#failed = 'nothing';
          const { to } = this.form.controls;
          if (!people.some(({ id }) => id === to.value)) to.setValue(people[0]?.id ?? '');
        },
        error: (error: unknown) => {
          this.#failed = 'people';
          this.problem.set(describeError(error));
        },
      });
  }

  protected send(directive: FormGroupDirective): void {
    if (this.form.invalid || this.sending() === 'busy') return;
    const { to, title, message } = this.form.getRawValue();
    const name = this.people().find(({ id }) => id === to)?.name ?? '';
    this.sending.set('busy');
    this.#api
      .send({ to, title, message })
      .pipe(takeUntilDestroyed(this.#destroyRef))
      .subscribe({
        next: () => {
          this.#snackBar.open($localize`:@@notifications.sent:Sent to ${name}:name:.`, undefined, sentNotice);
          this.problem.set(null);
          directive.resetForm({ to });
          this.sending.set('idle');
        },
        error: (error: unknown) => {
          this.problem.set($localize`:@@not-sent:Not sent. ${describeError(error)}:reason:`);
          this.sending.set('idle');
        },
      });
  }
}

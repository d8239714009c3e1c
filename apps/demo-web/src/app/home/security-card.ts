import { Component, inject, signal } from '@angular/core';
import { takeUntilDestroyed } from '@angular/core/rxjs-interop';
import { DestroyRef } from '@angular/core';
import { MatButton } from '@angular/material/button';
import { map, switchMap, type Observable } from 'rxjs';
import type { Me } from 'demo-contract';
import { describeError, PeopleApi, SecurityApi } from '@app/api';

/** Lets a person demand a second factor of themselves, to see what a claims challenge does to their streams. */
@Component({
  selector: 'app-security-card',
  imports: [MatButton],
  templateUrl: './security-card.html',
  styleUrl: './security-card.scss',
})
export class SecurityCard {
  readonly #people = inject(PeopleApi);
  readonly #security = inject(SecurityApi);
  readonly #destroyRef = inject(DestroyRef);

  protected readonly demand = signal<Me['stepUp'] | 'unknown'>('unknown');
  protected readonly activity = signal<'idle' | 'busy'>('idle');
  protected readonly problem = signal<string | null>(null);

  constructor() {
    this.load();
  }

  protected load(): void {
    this.#run(this.#stepUp());
  }

  protected demandSecondFactor(): void {
    this.#run(this.#security.demandSecondFactor().pipe(switchMap(() => this.#stepUp())));
  }

  protected withdraw(): void {
    this.#run(this.#security.withdrawDemand().pipe(switchMap(() => this.#stepUp())));
  }

  #stepUp(): Observable<Me['stepUp']> {
    return this.#people.me().pipe(map(({ stepUp }) => stepUp));
  }

  #run(work: Observable<Me['stepUp']>): void {
    this.activity.set('busy');
    this.problem.set(null);
    work.pipe(takeUntilDestroyed(this.#destroyRef)).subscribe({
      next: (stepUp) => this.demand.set(stepUp),
      error: (error: unknown) => {
        this.problem.set(describeError(error));
        this.activity.set('idle');
      },
      complete: () => this.activity.set('idle'),
    });
  }
}

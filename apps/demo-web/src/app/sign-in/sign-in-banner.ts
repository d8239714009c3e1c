import { Component, inject, signal } from '@angular/core';
import { MatButton } from '@angular/material/button';
import { MsalInteraction } from '@sillage/angular/msal';
import { describeSignInError } from './describe-sign-in-error';

/** Asks for a new sign-in when a stream or a request cannot go on without one. The window opens by the click alone. */
@Component({
  selector: 'app-sign-in-banner',
  imports: [MatButton],
  template: `
    @if (interaction.required()) {
      <section role="alert">
        <p i18n="@@sign-in.needed">Sign-in is needed to go on. Nothing was opened by itself.</p>
        <button mat-flat-button type="button" (click)="signIn()" i18n="@@sign-in.again">Sign in again</button>
        @if (problem(); as problem) {
          <p class="problem">{{ problem }}</p>
        }
      </section>
    }
  `,
  styles: `
    section {
      display: flex;
      flex-wrap: wrap;
      align-items: center;
      justify-content: center;
      gap: 0.5rem 1.25rem;
      padding: 0.75rem 1.25rem;
      background: var(--sea-deep);
      color: var(--sea-foam);
    }
    p {
      margin: 0;
    }
    /* The other way round: on the deep sea, the primary colour would drown. */
    button {
      --mat-button-filled-container-color: var(--sea-foam);
      --mat-button-filled-label-text-color: #0b4a5a;
    }
    .problem {
      flex-basis: 100%;
      text-align: center;
    }
  `,
})
export class SignInBanner {
  protected readonly interaction = inject(MsalInteraction);
  readonly #problem = signal<string | null>(null);
  protected readonly problem = this.#problem.asReadonly();

  protected async signIn(): Promise<void> {
    this.#problem.set(null);
    try {
      await this.interaction.signIn();
    } catch (error) {
      this.#problem.set(describeSignInError(error));
    }
  }
}

import { Component, inject, InjectionToken, type ApplicationConfig } from '@angular/core';
import { MatButton } from '@angular/material/button';
import { WebConfigError } from './web-config';

const STARTUP_ERROR = new InjectionToken<unknown>('STARTUP_ERROR');

/** Stands where the app would, when the app cannot start. */
@Component({
  selector: 'app-root',
  imports: [MatButton],
  template: `
    <main>
      <h1 i18n="@@startup.title">Sillage could not start</h1>
      <p role="alert">{{ reason }}</p>
      <p><button mat-flat-button type="button" (click)="retry()" i18n="@@try-again">Try again</button></p>
    </main>
  `,
  styles: `
    main {
      max-width: 34rem;
      margin: 20vh auto 0;
      padding: 0 1.5rem;
    }
  `,
})
export class StartupFailure {
  readonly #error = inject(STARTUP_ERROR);
  protected readonly reason =
    this.#error instanceof WebConfigError
      ? this.#error.message
      : $localize`:@@startup.failed:Something in the page failed. Its console says what.`;

  protected retry(): void {
    location.reload();
  }
}

export function createStartupFailureConfig(error: unknown): ApplicationConfig {
  return { providers: [{ provide: STARTUP_ERROR, useValue: error }] };
}

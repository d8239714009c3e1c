import { computed, inject, Injectable } from '@angular/core';
import { toObservable } from '@angular/core/rxjs-interop';
import type { PreloadingStrategy, Route } from '@angular/router';
import { catchError, EMPTY, filter, Observable, switchMap, take } from 'rxjs';
import { Account } from './sign-in';

/** A browser's wish to load little, where it knows one. */
interface DataSaver {
  readonly connection?: { readonly saveData?: boolean };
}

/**
 * Loads every page once somebody has signed in and the browser is idle: from then on a link works without a network too. A visitor of the landing page
 * loads nothing that it does not show.
 */
@Injectable({ providedIn: 'root' })
export class PreloadSignedIn implements PreloadingStrategy {
  readonly #account = inject(Account);
  readonly #signedIn = toObservable(computed(() => this.#account.current() !== null)).pipe(filter(Boolean), take(1));

  preload(_route: Route, load: () => Observable<unknown>): Observable<unknown> {
    if ((navigator as DataSaver).connection?.saveData === true) return EMPTY;
    return this.#signedIn.pipe(
      switchMap(idle),
      switchMap(load),
      // Without a network now: the page is loaded when a link leads to it.
      catchError(() => EMPTY),
    );
  }
}

/** Emits once the browser has nothing better to do. */
function idle(): Observable<void> {
  return new Observable((subscriber) => {
    const done = (): void => {
      subscriber.next();
      subscriber.complete();
    };
    // Safari has no idle callback.
    if (typeof requestIdleCallback !== 'function') {
      const timer = setTimeout(done, 200);
      return () => clearTimeout(timer);
    }
    const handle = requestIdleCallback(done, { timeout: 2_000 });
    return () => cancelIdleCallback(handle);
  });
}

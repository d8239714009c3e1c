import { DestroyRef, inject, signal, type Signal } from '@angular/core';

/** Whether a media query holds now. Call it in an injection context: it listens as long as that lives. */
export function mediaQuery(query: string): Signal<boolean> {
  const list = matchMedia(query);
  const matches = signal(list.matches);
  const listen = (): void => matches.set(list.matches);
  list.addEventListener('change', listen);
  inject(DestroyRef).onDestroy(() => list.removeEventListener('change', listen));
  return matches.asReadonly();
}

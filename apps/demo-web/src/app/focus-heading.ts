import { afterNextRender, inject, Injector } from '@angular/core';
import { takeUntilDestroyed } from '@angular/core/rxjs-interop';
import { NavigationEnd, Router } from '@angular/router';
import { filter, map, pairwise } from 'rxjs';

/**
 * Moves the focus to the heading of each page that a link leads to: a screen reader says where its person has come, and the next Tab goes on
 * from there. The page that was loaded first is left alone. Call it in an injection context.
 */
export function focusHeadings(find: () => HTMLElement | null): void {
  const injector = inject(Injector);
  inject(Router)
    .events.pipe(
      filter((event) => event instanceof NavigationEnd),
      map(({ urlAfterRedirects }) => urlAfterRedirects.split(/[?#]/, 1)[0]),
      pairwise(),
      filter(([before, now]) => before !== now),
      takeUntilDestroyed(),
    )
    .subscribe(() => afterNextRender({ read: () => find()?.focus({ preventScroll: true }) }, { injector }));
}

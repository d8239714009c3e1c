import { Component, computed, inject, LOCALE_ID } from '@angular/core';
import { toSignal } from '@angular/core/rxjs-interop';
import { NavigationEnd, Router } from '@angular/router';
import { filter, map } from 'rxjs';

const oneYearSeconds = 31_536_000;

/** Leads to the same page in the other language, and has the web server remember it. */
@Component({
  selector: 'app-language-switch',
  template: `
    <a [href]="href()" [lang]="other" [hreflang]="other" [title]="name" (click)="remember()"
      ><span aria-hidden="true">{{ other }}</span> <span class="unseen">{{ name }}</span></a
    >
  `,
  styles: `
    a {
      display: inline-grid;
      place-items: center;
      min-width: 2.25rem;
      min-height: 2.25rem;
      padding: 0 0.4rem;
      border-radius: 2rem;
      color: var(--sea-link);
      font-size: 0.8125rem;
      font-weight: 600;
      text-decoration: none;
      text-transform: uppercase;
      &:hover {
        background: var(--sea-wash);
      }
    }
  `,
})
export class LanguageSwitch {
  readonly #router = inject(Router);
  readonly #url = toSignal(
    this.#router.events.pipe(
      filter((event) => event instanceof NavigationEnd),
      map(({ urlAfterRedirects }) => urlAfterRedirects),
    ),
    { initialValue: this.#router.url },
  );

  protected readonly other = inject(LOCALE_ID).startsWith('fr') ? 'en' : 'fr';
  protected readonly name = this.other === 'fr' ? 'Français' : 'English';
  protected readonly href = computed(() => `/${this.other}${this.#url()}`);

  protected remember(): void {
    document.cookie = `locale=${this.other}; path=/; max-age=${oneYearSeconds}; SameSite=Lax`;
  }
}

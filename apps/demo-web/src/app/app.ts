import { Location, NgTemplateOutlet } from '@angular/common';
import {
  afterNextRender,
  Component,
  computed,
  effect,
  inject,
  linkedSignal,
  untracked,
  viewChild,
  type ElementRef,
} from '@angular/core';
import { takeUntilDestroyed } from '@angular/core/rxjs-interop';
import { MatButton, MatIconButton } from '@angular/material/button';
import { NavigationStart, Router, RouterLink, RouterLinkActive, RouterOutlet } from '@angular/router';
import { SseStreams, type StreamState } from '@sillage/angular';
import { focusHeadings } from './focus-heading';
import { InboxLink } from './inbox';
import { Landing } from './landing/landing';
import { LanguageSwitch } from './language-switch';
import { mediaQuery } from './media-query';
import { pageGroupsOf } from './pages';
import { rescueFocus } from './rescue-focus';
import { Account, readEnter, SignInBanner } from './sign-in';
import { WEB_CONFIG } from './web-config';
import { WakeLogo } from './wake-logo';

/**
 * The frame of every page. It is the guard too: signed out, no page exists, and so no stream; the address stays, and signing in
 * leads to where the person wanted to go.
 */
@Component({
  selector: 'app-root',
  imports: [
    InboxLink,
    Landing,
    LanguageSwitch,
    MatButton,
    MatIconButton,
    NgTemplateOutlet,
    RouterLink,
    RouterLinkActive,
    RouterOutlet,
    SignInBanner,
    WakeLogo,
  ],
  templateUrl: './app.html',
  styleUrl: './app.scss',
})
export class App {
  readonly #streams = inject(SseStreams);
  readonly #router = inject(Router);
  readonly #location = inject(Location);
  protected readonly account = inject(Account);
  protected readonly config = inject(WEB_CONFIG);
  protected readonly groups = pageGroupsOf(this.config);
  protected readonly exact = { exact: true } as const;
  /** Whether the pages have a column of their own, or a drawer behind a button. */
  protected readonly wide = mediaQuery('(width >= 64rem)');
  protected readonly drawerRef = viewChild.required<ElementRef<HTMLDialogElement>>('drawer');
  protected readonly contentRef = viewChild.required<ElementRef<HTMLElement>>('content');

  protected readonly initials = computed(() =>
    this.account
      .name()
      .split(/\s+/)
      .map((word) => word.charAt(0))
      .slice(0, 2)
      .join(''),
  );

  /** All open streams in one word, the most pressing first. */
  protected readonly connection = computed(() => {
    const statuses = this.#streams.all().map(({ state }) => state().status);
    if (statuses.length === 0) return { state: 'none', text: $localize`:@@app.connection.none:No stream` } as const;
    if (statuses.includes('interaction-required'))
      return { state: 'blocked', text: $localize`:@@app.connection.blocked:Waiting for you` } as const;
    if (statuses.includes('offline'))
      return { state: 'blocked', text: $localize`:@@app.connection.offline:No network` } as const;
    if (statuses.includes('waiting'))
      return { state: 'blocked', text: $localize`:@@app.connection.waiting:Interrupted` } as const;
    if (statuses.every((status) => status === 'open'))
      return { state: 'live', text: $localize`:@@app.connection.live:Streaming` } as const;
    return { state: 'none', text: $localize`:@@app.connection.opening:Opening` } as const;
  });

  /** Stays through the attempts, which would make it flicker, until a stream is open again. */
  protected readonly unreachable = linkedSignal<readonly StreamState[], boolean>({
    source: () => this.#streams.all().map(({ state }) => state()),
    computation: (states, previous) => {
      // Not at the first interruption: most streams are back before anybody has read this.
      if (states.some((state) => state.status === 'waiting' && isUnreachable(state))) return true;
      return previous?.value === true && states.some(({ status }) => status === 'connecting' || status === 'waiting');
    },
  });

  constructor() {
    const heading = (): HTMLElement | null => {
      const found = this.contentRef().nativeElement.querySelector('h1');
      // A script may focus it; Tab does not stop there.
      found?.setAttribute('tabindex', '-1');
      return found;
    };
    focusHeadings(heading);
    rescueFocus(heading);
    this.#router.events.pipe(takeUntilDestroyed()).subscribe((event) => {
      if (event instanceof NavigationStart) this.drawerRef().nativeElement.close();
    });
    this.#enterByAddress();
    afterNextRender({ read: () => this.#closeByBackdrop() });
    let before = this.account.current();
    effect(() => {
      const now = this.account.current();
      // At once, not when the provider's window is done: nothing of the person stays, their place included.
      if (before !== null && now === null) {
        untracked(() => {
          this.#router.navigateByUrl('/').catch(reportError);
        });
      }
      before = now;
    });
  }

  /** WebKit does not know `closedby`: a click on the backdrop is one on the dialog itself. */
  #closeByBackdrop(): void {
    const drawer = this.drawerRef().nativeElement;
    drawer.addEventListener('click', ({ target }) => {
      if (target === drawer) drawer.close();
    });
  }

  /** `?enter=bob` signs in by itself, in demo mode; once signed in, the address is without it. */
  #enterByAddress(): void {
    const user = readEnter(globalThis.location.search);
    if (user === null || this.config.identityProvider !== 'emulator') return;
    if (this.account.current() === null) {
      this.account.enterAs(user).catch(reportError);
      return;
    }
    const [path = '/'] = this.#location.path().split('?', 1);
    this.#router.navigateByUrl(path, { replaceUrl: true }).catch(reportError);
  }
}

function isUnreachable({ error, attempt }: StreamState & { status: 'waiting' }): boolean {
  return error?.code === 'network-error' && attempt > 1;
}

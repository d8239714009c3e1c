import { computed, effect, inject, Injectable, Injector, signal, untracked } from '@angular/core';
import { Router } from '@angular/router';
import type { Inbox, Notice } from 'demo-contract';
import type { Subscription } from 'rxjs';
import { describeError, NotificationApi, SseApiService } from '@app/api';
import { Account } from '@app/sign-in';
import { StreamView } from '@app/stream';

const maxNotices = 200;
const page = '/notifications';

/** The notices of the signed-in user: first the earlier ones, then each new one as it arrives, on every page. */
@Injectable({ providedIn: 'root' })
export class NoticeInbox {
  readonly #api = inject(NotificationApi);
  readonly #sse = inject(SseApiService);
  readonly #account = inject(Account);
  readonly #router = inject(Router);
  readonly #injector = inject(Injector);
  readonly #history = signal<readonly Notice[]>([]);
  readonly #unread = signal(0);
  readonly #problem = signal<string | null>(null);
  #loading: Subscription | null = null;

  readonly view = new StreamView<Notice>({ maxItems: maxNotices, onData: (notice) => this.#arrived(notice) });
  /** The newest first. */
  readonly notices = computed(() =>
    [...this.view.items().map(({ data }) => data), ...this.#history()].slice(0, maxNotices),
  );
  readonly unread = this.#unread.asReadonly();
  /** Why the notices of before are not here; `null` where they are. */
  readonly problem = this.#problem.asReadonly();

  constructor() {
    effect(() => {
      const user = this.#account.personId();
      untracked(() => {
        this.#loading?.unsubscribe();
        this.view.close();
        this.#history.set([]);
        this.#unread.set(0);
        if (user !== null) this.load();
      });
    });
  }

  /** Takes up the history, and follows the stream from its end. */
  load(): void {
    this.#problem.set(null);
    this.#loading = this.#api.inbox().subscribe({
      next: ({ notices, unread, lastEventId }: Inbox) => {
        this.#history.set(notices);
        this.#unread.set(unread);
        this.view.open((config) => this.#sse.connectToNotifications({ lastEventId, ...config }));
        if (this.#isShown()) this.markRead();
      },
      error: (error: unknown) => {
        this.#problem.set(describeError(error));
        // What arrives from now on does not need the history.
        this.view.open((config) => this.#sse.connectToNotifications(config));
      },
    });
  }

  /** They are on the page that shows them. */
  markRead(): void {
    if (this.#unread() === 0) return;
    this.#unread.set(0);
    // The next visit marks them again, and marking a notice twice does no harm.
    this.#api.markRead().subscribe({ error: () => undefined });
  }

  #arrived(notice: Notice): void {
    this.#unread.update((count) => count + 1);
    if (this.#isShown()) this.markRead();
    else this.#toast(notice).catch(reportError);
  }

  #isShown(): boolean {
    return this.#router.url.startsWith(page) && !document.hidden;
  }

  async #toast(notice: Notice): Promise<void> {
    // The page of imports says so itself.
    if (notice.about?.kind === 'import-ended' && this.#router.url.startsWith('/tasks')) return;
    const { showToast } = await import('@app/notifications/show-toast');
    showToast(this.#injector, notice, () => void this.#router.navigateByUrl(page));
  }
}

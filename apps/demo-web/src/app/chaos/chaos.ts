import { DatePipe } from '@angular/common';
import { Component, DestroyRef, inject, signal } from '@angular/core';
import { takeUntilDestroyed } from '@angular/core/rxjs-interop';
import { MatButton } from '@angular/material/button';
import { defer, retry, switchMap, tap, timer, type Observable } from 'rxjs';
import { describeError, PulseApi, SecurityApi, ShowcaseApi } from '@app/api';
import { PulseFeed, PulseFigures, PulseRibbon } from '@app/pulse';
import { Account } from '@app/sign-in';
import { StreamBar } from '@app/stream';

type FaultName = 'cut' | 'short-tokens' | 'refuse' | 'rotate-keys' | 'restart' | 'freeze' | 'second-factor';

interface Fault {
  readonly name: FaultName;
  readonly label: string;
  readonly what: string;
  readonly cause: () => Observable<unknown>;
}

interface Caused {
  readonly key: number;
  readonly label: string;
  readonly at: number;
}

const shortTokenMs = 10_000;
const tokenMs = 3_600_000;
const refusals = 3;
const freezeMs = 4_000;
/** Until the page has shown that the button was pressed. */
const paintMs = 50;
const maxCaused = 5;
const tryAgainMs = 1_500;

/** What can go wrong with a stream, by buttons, and the figures that say what it did to the events. */
@Component({
  selector: 'app-chaos',
  imports: [DatePipe, MatButton, PulseFigures, PulseRibbon, StreamBar],
  templateUrl: './chaos.html',
  styleUrl: './chaos.scss',
})
export class Chaos {
  readonly #api = inject(PulseApi);
  readonly #showcase = inject(ShowcaseApi);
  readonly #security = inject(SecurityApi);
  readonly #account = inject(Account);
  readonly #destroyRef = inject(DestroyRef);

  protected readonly feed = new PulseFeed({
    open: (config) => this.#api.stream(config),
    report: () => this.#showcase.report(),
  });
  protected readonly tokens = signal<'long' | 'short'>('long');
  protected readonly secondFactor = signal<'not-demanded' | 'demanded'>('not-demanded');
  protected readonly caused = signal<readonly Caused[]>([]);
  protected readonly problem = signal<string | null>(null);
  #count = 0;

  protected readonly faults: readonly Fault[] = [
    {
      name: 'cut',
      label: $localize`:@@chaos.cut:Cut the connection`,
      what: $localize`:@@chaos.cut.what:The API ends it in the middle of an event, when the ID has arrived and the data has not.`,
      cause: () => this.#api.cause({ kind: 'cut' }),
    },
    {
      name: 'short-tokens',
      label: $localize`:@@chaos.short-tokens:Tokens of 10 seconds`,
      what: $localize`:@@chaos.short-tokens.what:Every token expires soon. The stream moves to a new connection in time, without a pause.`,
      cause: () =>
        this.#api.setTokenLifetime(shortTokenMs).pipe(
          switchMap(() => this.#renewToken()),
          tap(() => this.tokens.set('short')),
        ),
    },
    {
      name: 'refuse',
      label: $localize`:@@chaos.refuse:503 × 3`,
      what: $localize`:@@chaos.refuse.what:The API cuts, then refuses three attempts. The waits between them grow.`,
      cause: () => this.#api.cause({ kind: 'refuse', count: refusals }),
    },
    {
      name: 'rotate-keys',
      label: $localize`:@@chaos.rotate-keys:Rotate the signing keys`,
      what: $localize`:@@chaos.rotate-keys.what:The identity provider signs with a new key, which the API has never seen.`,
      cause: () => this.#api.rotateKeys().pipe(switchMap(() => this.#renewToken())),
    },
    {
      name: 'restart',
      label: $localize`:@@chaos.restart:Restart the API`,
      what: $localize`:@@chaos.restart.what:It closes its port, forgets everything, and starts again from its files. The process stays.`,
      cause: () => this.#api.restartApi(),
    },
    {
      name: 'freeze',
      label: $localize`:@@chaos.freeze:Freeze this tab for 4 s`,
      what: $localize`:@@chaos.freeze.what:A loop that nothing interrupts. The events wait, and then arrive all at once.`,
      cause: () => timer(paintMs).pipe(tap(freeze)),
    },
    {
      name: 'second-factor',
      label: $localize`:@@chaos.second-factor:Demand a second factor`,
      what: $localize`:@@chaos.second-factor.what:The API answers with a claims challenge. The stream waits for your click, and resumes.`,
      cause: () => this.#security.demandSecondFactor().pipe(tap(() => this.secondFactor.set('demanded'))),
    },
  ];

  constructor() {
    this.#destroyRef.onDestroy(() => {
      // Nobody who leaves should have to know that their tokens are short.
      if (this.tokens() === 'short') this.#api.setTokenLifetime(tokenMs).subscribe({ error: () => undefined });
    });
  }

  protected cause({ label, cause }: Fault): void {
    this.#note(label);
    this.#run(cause());
  }

  protected restoreTokens(): void {
    this.#note($localize`:@@chaos.long-tokens:Tokens of one hour again`);
    this.#run(
      this.#api.setTokenLifetime(tokenMs).pipe(
        switchMap(() => this.#renewToken()),
        tap(() => this.tokens.set('long')),
      ),
    );
  }

  protected withdraw(): void {
    this.#note($localize`:@@security.withdraw:Withdraw the demand`);
    this.#run(this.#security.withdrawDemand().pipe(tap(() => this.secondFactor.set('not-demanded'))));
  }

  /** What changed at the identity provider is in new tokens only, and a token is needed for the next connection only. */
  #renewToken(): Observable<unknown> {
    return defer(() => this.#account.refreshToken()).pipe(
      // A token of a key that the API has yet to fetch is answered by 503 for a moment.
      switchMap(() => this.#api.cause({ kind: 'cut' }).pipe(retry({ count: 10, delay: tryAgainMs }))),
    );
  }

  #note(label: string): void {
    this.#count += 1;
    const caused = { key: this.#count, label, at: Date.now() };
    this.caused.update((before) => [caused, ...before].slice(0, maxCaused));
  }

  #run(work: Observable<unknown>): void {
    this.problem.set(null);
    work
      .pipe(takeUntilDestroyed(this.#destroyRef))
      .subscribe({ error: (error: unknown) => this.problem.set(describeError(error)) });
  }
}

/** Keeps the only thread of the page busy, as a badly written page does. */
function freeze(): void {
  const endMs = performance.now() + freezeMs;
  while (performance.now() < endMs);
}

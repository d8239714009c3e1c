import { Component, inject, signal } from '@angular/core';
import { takeUntilDestroyed } from '@angular/core/rxjs-interop';
import { MatButton } from '@angular/material/button';
import { ShowcaseApi } from '@app/api';
import { Account, openBeside } from '@app/sign-in';
import { WEB_CONFIG } from '@app/web-config';
import { CodeBlock } from './code-block';
import { compared, comparison } from './comparison';
import { Counter } from './counter';
import { counterSource } from './counter-source';
import { LiveProof } from './live-proof';

/** What a visitor sees before they sign in: what Sillage does, live, and the ways in. */
@Component({
  selector: 'app-landing',
  imports: [CodeBlock, Counter, LiveProof, MatButton],
  templateUrl: './landing.html',
  styleUrl: './landing.scss',
})
export class Landing {
  protected readonly account = inject(Account);
  protected readonly compared = compared;
  protected readonly comparison = comparison;
  protected readonly source = counterSource;
  protected readonly isSimulated = inject(WEB_CONFIG).identityProvider === 'emulator';
  /** The anonymous stream exists in demo mode only. */
  protected readonly showcase = signal<'unknown' | 'there' | 'absent'>('unknown');
  protected readonly copied = signal<string | null>(null);

  constructor() {
    if (this.isSimulated) {
      inject(ShowcaseApi)
        .report()
        .pipe(takeUntilDestroyed())
        .subscribe({ next: () => this.showcase.set('there'), error: () => this.showcase.set('absent') });
    } else this.showcase.set('absent');
  }

  protected openBob(): void {
    openBeside('bob', 'chat/lobby');
  }

  protected async copy(command: string): Promise<void> {
    await navigator.clipboard.writeText(command);
    this.copied.set(command);
  }
}

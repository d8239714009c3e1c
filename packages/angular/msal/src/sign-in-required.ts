import { ChangeDetectionStrategy, Component, computed, inject, input, signal } from '@angular/core';
import { MsalInteraction, type PendingInteraction } from './msal-interaction';

/** The texts of the banner; English by default. */
export interface SignInRequiredTexts {
  readonly 'sign-in': string;
  readonly 'expired-session': string;
  readonly 'second-factor': string;
  readonly consent: string;
  /** The button. */
  readonly action: string;
  /** After the window was closed or blocked, or the sign-in failed. */
  readonly failed: string;
}

const english: SignInRequiredTexts = {
  'sign-in': 'Sign in again to continue receiving updates.',
  'expired-session': 'Your session has expired. Sign in again to continue receiving updates.',
  'second-factor': 'Your organisation requires another verification to continue.',
  consent: 'This application needs your consent to continue.',
  action: 'Continue',
  failed: 'The sign-in was not completed. Try again; if no window opens, allow pop-up windows for this site.',
};

/**
 * A banner for each account that must sign in again, with a button that asks for it. It is empty while nothing requires interaction. Screen readers
 * announce it.
 *
 * Colours and spacing: the custom properties `--sillage-banner-background`, `-color`, `-accent`, `-padding`, `-radius`.
 *
 * @usageNotes
 * ```html
 * <sillage-sign-in-required [texts]="{ action: 'Continuer' }" />
 * ```
 */
@Component({
  selector: 'sillage-sign-in-required',
  changeDetection: ChangeDetectionStrategy.OnPush,
  template: `
    <div role="status">
      @for (entry of entries(); track entry.account.homeAccountId) {
        <p>
          <span
            >{{ all()[entry.reason] }} <small>{{ entry.account.username }}</small></span
          >
          <button type="button" [disabled]="interaction.isSigningIn()" (click)="signIn(entry)">
            {{ all().action }}
          </button>
        </p>
      }
    </div>
    @if (hasFailed() && entries().length > 0) {
      <p role="alert">{{ all().failed }}</p>
    }
  `,
  styles: `
    :host {
      display: block;
    }
    p {
      display: flex;
      flex-wrap: wrap;
      align-items: center;
      justify-content: space-between;
      gap: 0.75rem;
      margin: 0;
      padding: var(--sillage-banner-padding, 0.75rem 1rem);
      border-radius: var(--sillage-banner-radius, 0.5rem);
      background: var(--sillage-banner-background, light-dark(#fff4ce, #433519));
      color: var(--sillage-banner-color, light-dark(#3b2a00, #fdf3d7));
    }
    small {
      opacity: 0.8;
    }
    button {
      min-height: 2.75rem;
      padding: 0 1rem;
      border: 0;
      border-radius: inherit;
      background: var(--sillage-banner-accent, light-dark(#5c4400, #ffd866));
      color: var(--sillage-banner-background, light-dark(#fff, #2b2000));
      font: inherit;
      cursor: pointer;
    }
    button:disabled {
      opacity: 0.6;
      cursor: progress;
    }
  `,
})
export class SignInRequired {
  readonly texts = input<Partial<SignInRequiredTexts>>({});

  protected readonly interaction = inject(MsalInteraction);
  protected readonly hasFailed = signal(false);
  protected readonly all = computed<SignInRequiredTexts>(() => ({ ...english, ...this.texts() }));
  /** One for each account, the oldest demand of each: what it does not satisfy is asked for afterwards. */
  protected readonly entries = computed(() => {
    const seen = new Map<string, PendingInteraction>();
    for (const entry of this.interaction.pending()) {
      const { homeAccountId } = entry.account;
      if (!seen.has(homeAccountId)) seen.set(homeAccountId, entry);
    }
    return [...seen.values()];
  });

  protected async signIn(entry: PendingInteraction): Promise<void> {
    this.hasFailed.set(false);
    try {
      await this.interaction.signIn(entry);
    } catch {
      // MSAL has logged why. The entry stays, and so does the button.
      this.hasFailed.set(true);
    }
  }
}

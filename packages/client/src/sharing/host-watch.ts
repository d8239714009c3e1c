import type { StreamRuntime } from '../options/index.ts';
import type { HostLink } from './tab-requests.ts';

/** How often a tab with requests asks its host whether it is alive. A hidden page is slower: once a second, and once a minute after a while. */
const pingMs = 750;
/** How long a host that has never answered may take: a worker's script has to be loaded first. */
const startMs = 10_000;
/** A tick that comes so late was held up with the page: what the host has sent meanwhile may still be waiting too. */
const lateMs = 3_000;

/** Notices that a host answers nothing any more: its tab is frozen, or its process has crashed without a word. */
export class HostWatch {
  readonly #runtime: Pick<StreamRuntime, 'monotonicNow' | 'setTimer'>;
  readonly #onSilent: () => void;
  #link: HostLink | undefined;
  #isBusy = false;
  #hasAnswered = false;
  #awaitsAnswer = false;
  #sinceMs = 0;
  #tickMs = 0;
  #cancel: (() => void) | undefined;

  constructor(runtime: Pick<StreamRuntime, 'monotonicNow' | 'setTimer'>, onSilent: () => void) {
    this.#runtime = runtime;
    this.#onSilent = onSilent;
  }

  /** @param link `undefined` stops. */
  follow(link: HostLink | undefined): void {
    this.#link = link;
    this.#hasAnswered = false;
    this.#awaitsAnswer = false;
    this.#sinceMs = this.#runtime.monotonicNow();
    this.#arm();
  }

  busy(state: 'busy' | 'idle'): void {
    this.#isBusy = state === 'busy';
    this.#arm();
  }

  heard(): void {
    this.#hasAnswered = true;
    this.#awaitsAnswer = false;
  }

  #arm(): void {
    if (this.#link === undefined || !this.#isBusy) {
      this.#cancel?.();
      this.#cancel = undefined;
      this.#awaitsAnswer = false;
      return;
    }
    if (this.#cancel !== undefined) return;
    this.#tickMs = this.#runtime.monotonicNow();
    if (!this.#awaitsAnswer) this.#ping();
    this.#cancel = this.#runtime.setTimer(() => this.#tick(), pingMs);
  }

  #tick(): void {
    this.#cancel = undefined;
    const nowMs = this.#runtime.monotonicNow();
    const isLate = nowMs - this.#tickMs > lateMs;
    const mayStillStart = !this.#hasAnswered && nowMs - this.#sinceMs < startMs;
    if (!this.#awaitsAnswer || isLate || mayStillStart) {
      this.#awaitsAnswer &&= !isLate;
      this.#arm();
      return;
    }
    this.#link = undefined;
    this.#onSilent();
  }

  #ping(): void {
    this.#awaitsAnswer = true;
    this.#link?.post({ type: 'ping' });
  }
}

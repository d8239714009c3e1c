import { DatePipe } from '@angular/common';
import { Component, computed, effect, inject, signal, untracked } from '@angular/core';
import { toSignal } from '@angular/core/rxjs-interop';
import { FormControl, FormGroup, ReactiveFormsModule } from '@angular/forms';
import { MatButton } from '@angular/material/button';
import { MatFormFieldModule } from '@angular/material/form-field';
import { MatInput } from '@angular/material/input';
import type { LogLevel, LogLine, LogType } from 'demo-contract';
import { SseApiService } from '@app/api';
import { StreamBar, StreamView, type Received } from '@app/stream';

const levels = ['debug', 'info', 'warn', 'error'] as const satisfies readonly LogLevel[];

/** The API's logs, as they are written. */
@Component({
  selector: 'app-logs',
  imports: [DatePipe, MatButton, MatFormFieldModule, MatInput, ReactiveFormsModule, StreamBar],
  templateUrl: './logs.html',
  styleUrl: './logs.scss',
})
export class Logs {
  readonly #sse = inject(SseApiService);

  protected readonly view = new StreamView<LogLine>({ maxItems: 500 });
  protected readonly types: readonly { readonly value: LogType; readonly label: string }[] = [
    { value: 'app', label: $localize`:@@logs.app:Application` },
    { value: 'access', label: $localize`:@@logs.access:Access` },
    { value: 'audit', label: $localize`:@@logs.audit:Audit` },
  ];
  protected readonly levels: readonly { readonly value: LogLevel; readonly label: string }[] = [
    { value: 'debug', label: $localize`:@@logs.debug:Everything (debug)` },
    { value: 'info', label: $localize`:@@logs.info:From info on` },
    { value: 'warn', label: $localize`:@@logs.warn:From warn on` },
    { value: 'error', label: $localize`:@@logs.error:Only error` },
  ];
  protected readonly type = new FormControl<LogType>('app', { nonNullable: true });
  protected readonly level = new FormControl<LogLevel>('info', { nonNullable: true });
  protected readonly form = new FormGroup({ type: this.type, level: this.level });
  readonly #type = toSignal(this.type.valueChanges, { initialValue: this.type.value });
  readonly #level = toSignal(this.level.valueChanges, { initialValue: this.level.value });

  /** The lines as they were when the person paused; `null`: as they come. The stream goes on meanwhile. */
  protected readonly paused = signal<readonly Received<LogLine>[] | null>(null);
  protected readonly shown = computed(() => {
    const least = levels.indexOf(this.#level());
    return (this.paused() ?? this.view.items()).filter(({ data }) => levels.indexOf(data.level) >= least);
  });
  protected readonly counted = computed(() => {
    const paused = this.paused();
    if (paused === null)
      return $localize`:@@logs.received:Lines received: ${this.view.received()}:count:. The last 500 are kept.`;
    const meanwhile = this.view.received() - ((paused[0]?.key ?? -1) + 1);
    return $localize`:@@logs.meanwhile:Paused. Lines received since: ${meanwhile}:count:.`;
  });
  protected readonly refused = computed(() => {
    const state = this.view.state();
    return state.status === 'closed' && state.end === 'failed' && state.httpStatus === 403;
  });

  constructor() {
    let followed: LogType | null = null;
    effect(() => {
      const type = this.#type();
      const level = this.#level();
      untracked(() => {
        const source = (config: Parameters<SseApiService['streamLogs']>[2]) =>
          this.#sse.streamLogs(type, level, config);
        // Another level of the same log goes on where it was; another log begins at its present.
        if (type === followed) {
          this.view.switchTo(source);
        } else {
          this.paused.set(null);
          this.view.open(source);
        }
        followed = type;
      });
    });
  }

  protected togglePause(): void {
    this.paused.update((paused) => (paused === null ? this.view.items() : null));
  }

  protected fieldsOf({ fields }: LogLine): string {
    return Object.entries(fields)
      .map(([name, value]) => `${name}=${typeof value === 'string' ? value : JSON.stringify(value)}`)
      .join(' ');
  }
}

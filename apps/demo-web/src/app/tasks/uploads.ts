import { inject, Injectable, signal } from '@angular/core';
import { describeError, TaskApi } from '@app/api';
import type { Subscription } from 'rxjs';

/** The files that are on their way. They go on while the person is on another page of the app. */
@Injectable({ providedIn: 'root' })
export class Uploads {
  readonly #api = inject(TaskApi);
  readonly #running = new Map<string, Subscription>();
  readonly #problems = signal<ReadonlyMap<string, string>>(new Map());

  /** Why an upload broke off, by task. */
  readonly problems = this.#problems.asReadonly();

  start(taskId: string, file: Blob): void {
    const upload = this.#api.upload(taskId, file).subscribe({
      error: (error: unknown) => {
        this.#running.delete(taskId);
        this.#problems.update((problems) => new Map(problems).set(taskId, describeError(error)));
      },
      complete: () => this.#running.delete(taskId),
    });
    if (!upload.closed) this.#running.set(taskId, upload);
  }

  /** Breaks an upload off, such as of a task that has failed on a line before the end. */
  stop(taskId: string): void {
    this.#running.get(taskId)?.unsubscribe();
    this.#running.delete(taskId);
  }
}

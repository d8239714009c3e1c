import { HttpErrorResponse } from '@angular/common/http';
import { inject, Injectable, Injector, runInInjectionContext, signal, type WritableSignal } from '@angular/core';
import { SseClient } from '@sillage/angular';
import { msalAuthentication } from '@sillage/angular/msal';
import { describeError } from '@app/api';
import type { Subscription } from 'rxjs';
import { resumableUpload, type UploadState } from './resumable-upload';

/** The files that are on their way. They go on while the person is on another page of the app. */
@Injectable({ providedIn: 'root' })
export class Uploads {
  readonly #sse = inject(SseClient);
  readonly #injector = inject(Injector);
  readonly #running = new Map<string, Subscription>();
  readonly #states = signal<ReadonlyMap<string, UploadState | 'sent'>>(new Map());
  readonly #problems = signal<ReadonlyMap<string, string>>(new Map());

  /** How the uploads go that were begun here, by task, until the task is over. */
  readonly states = this.#states.asReadonly();
  /** Why an upload cannot go on, by task. */
  readonly problems = this.#problems.asReadonly();

  /** Sends the file as it is read, from where the API has it: the browser never holds it as a whole. */
  start(taskId: string, file: Blob): void {
    this.stop(taskId);
    set(this.#problems, taskId, null);
    set(this.#states, taskId, 'sending');
    const url = this.#sse.resolve(`tasks/${encodeURIComponent(taskId)}/content`);
    // Whose file it is, it stays: it ends with the person's sign-out.
    const { accessToken, ended } = runInInjectionContext(this.#injector, () => msalAuthentication());
    const fail = (error: unknown): void => {
      this.stop(taskId);
      // A task that is over says itself why.
      if (!(error instanceof HttpErrorResponse) || error.status !== 410) set(this.#problems, taskId, describe(error));
    };
    const onState = (state: UploadState): void => set(this.#states, taskId, state);
    const upload = resumableUpload({ url, file, accessToken, onState }).subscribe({
      error: fail,
      complete: () => set(this.#states, taskId, 'sent'),
    });
    upload.add(ended.subscribe(fail));
    this.#running.set(taskId, upload);
  }

  /** Breaks an upload off, such as of a task that has failed on a line before the end. */
  stop(taskId: string): void {
    this.#running.get(taskId)?.unsubscribe();
    this.#running.delete(taskId);
    set(this.#states, taskId, null);
  }
}

function describe(error: unknown): string {
  return error instanceof DOMException
    ? $localize`:@@tasks.file-changed:The file was changed or moved since it was chosen.`
    : describeError(error);
}

/** @param value `null` takes the entry out. */
function set<T>(entries: WritableSignal<ReadonlyMap<string, T>>, key: string, value: T | null): void {
  entries.update((before) => {
    const after = new Map(before);
    if (value === null) after.delete(key);
    else after.set(key, value);
    return after;
  });
}

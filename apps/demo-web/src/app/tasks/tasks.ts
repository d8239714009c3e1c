import { DatePipe, DecimalPipe, PercentPipe } from '@angular/common';
import { Component, computed, DestroyRef, inject, LOCALE_ID, signal } from '@angular/core';
import { takeUntilDestroyed } from '@angular/core/rxjs-interop';
import { MatButton } from '@angular/material/button';
import { MatProgressBar } from '@angular/material/progress-bar';
import type { TaskInfo, TaskProgress, TaskStarted } from 'demo-contract';
import { map, of, switchMap, type Observable } from 'rxjs';
import { describeError, SseApiService, TaskApi } from '@app/api';
import { createValueFormat } from '@app/chart';
import { StreamBar, StreamView } from '@app/stream';
import { describeStatus, describeTask } from './describe-task';
import { createSampleCsv } from './sample-csv';
import { Uploads } from './uploads';

/** Imports that the page lists beside the one that it follows. */
const maxEarlier = 10;

/** Sends a CSV file, and follows its import. */
@Component({
  selector: 'app-task-progress',
  imports: [DatePipe, DecimalPipe, MatButton, MatProgressBar, PercentPipe, StreamBar],
  templateUrl: './tasks.html',
  styleUrl: './tasks.scss',
})
export class Tasks {
  readonly #sse = inject(SseApiService);
  readonly #api = inject(TaskApi);
  readonly #uploads = inject(Uploads);
  readonly #destroyRef = inject(DestroyRef);
  readonly #locale = inject(LOCALE_ID);
  readonly #followed = signal<{ readonly taskId: string; readonly name: string } | null>(null);
  readonly #known = signal<readonly TaskInfo[]>([]);

  protected readonly bytes = createValueFormat(this.#locale, 'bytes');
  protected readonly view = new StreamView<TaskProgress>({ maxItems: 1, onData: (progress) => this.#take(progress) });
  protected readonly file = signal<File | null>(null);
  protected readonly over = signal<'yes' | 'no'>('no');
  protected readonly problem = signal<string | null>(null);
  protected readonly starting = signal<'idle' | 'busy'>('idle');
  protected readonly cancelling = signal<'idle' | 'busy'>('idle');

  protected readonly current = computed(() => {
    const followed = this.#followed();
    return followed === null ? null : { ...followed, progress: this.view.latest() };
  });
  protected readonly isRunning = computed(() => {
    const current = this.current();
    return current !== null && (current.progress === null || current.progress.status === 'running');
  });
  protected readonly status = computed(() => {
    const progress = this.view.latest();
    return progress === null ? $localize`:@@tasks.starting:Starting…` : describeStatus(progress.status);
  });
  protected readonly sentence = computed(() => {
    const progress = this.view.latest();
    return progress === null ? '' : describeTask(progress, this.#locale);
  });
  /** Only while the import itself does not say what went wrong. */
  protected readonly uploadProblem = computed(() => {
    const current = this.current();
    if (current === null || !this.isRunning()) return null;
    return this.#uploads.problems().get(current.taskId) ?? null;
  });
  /** What the person should know of the file's way while it does not come. */
  protected readonly interruption = computed<'goes-on' | 'file-wanted' | null>(() => {
    const current = this.current();
    if (current === null || !this.isRunning() || this.uploadProblem() !== null) return null;
    const upload = this.#uploads.states().get(current.taskId);
    const stream = this.view.state().status;
    if (upload === 'waiting' || stream === 'waiting' || stream === 'offline') return 'goes-on';
    return upload === undefined && current.progress?.upload === 'waiting' ? 'file-wanted' : null;
  });
  protected readonly earlier = computed(() =>
    this.#known()
      .filter(({ taskId }) => taskId !== this.#followed()?.taskId)
      .slice(0, maxEarlier),
  );

  /** `missing`: the imports of before could not be had, and can be asked for again. */
  protected readonly listIs = signal<'here' | 'missing'>('here');

  constructor() {
    this.load();
  }

  protected choose(files: FileList | null): void {
    this.file.set(files?.[0] ?? null);
    this.problem.set(null);
  }

  protected chooseSample(): void {
    this.file.set(createSampleCsv());
    this.problem.set(null);
  }

  protected onDragOver(event: DragEvent): void {
    // Without this, the browser would open the file in place of the page.
    event.preventDefault();
    this.over.set('yes');
  }

  protected onDrop(event: DragEvent): void {
    event.preventDefault();
    this.over.set('no');
    this.choose(event.dataTransfer?.files ?? null);
  }

  /** Registers the import, or takes one up whose file did not come to its end; follows it, and sends the file meanwhile. */
  protected start(): void {
    const file = this.file();
    if (file === null || this.starting() === 'busy') return;
    this.starting.set('busy');
    this.problem.set(null);
    this.#api
      .all()
      .pipe(
        map((tasks) => tasks.find((task) => this.#isHalfSent(task, file))),
        switchMap((task) => (task === undefined ? this.#register(file) : of(task))),
        takeUntilDestroyed(this.#destroyRef),
      )
      .subscribe({
        next: ({ taskId }) => {
          this.load();
          this.#follow(taskId, file.name);
          this.#uploads.start(taskId, file);
          this.starting.set('idle');
        },
        error: (error: unknown) => {
          this.problem.set(describeError(error));
          this.starting.set('idle');
        },
      });
  }

  protected cancel(): void {
    const current = this.current();
    if (current === null) return;
    this.cancelling.set('busy');
    this.#api
      .cancel(current.taskId)
      .pipe(takeUntilDestroyed(this.#destroyRef))
      .subscribe({
        error: (error: unknown) => {
          this.problem.set(describeError(error));
          this.cancelling.set('idle');
        },
        complete: () => this.cancelling.set('idle'),
      });
  }

  /** In place of the one that is followed now, which goes on all the same. */
  protected follow({ taskId, name }: TaskInfo): void {
    this.#follow(taskId, name);
    this.load();
  }

  protected followLabel({ name }: TaskInfo): string {
    return $localize`:@@tasks.follow-name:Follow ${name}:name:`;
  }

  protected describe(task: TaskInfo): string {
    return `${describeStatus(task.status)}. ${describeTask(task, this.#locale)}`;
  }

  #register({ name, size, lastModified }: File): Observable<TaskStarted> {
    return this.#api.register({ name, sizeBytes: size, lastModified });
  }

  /** Whether the task waits for the rest of this very file, such as after a reload of the page. */
  #isHalfSent(task: TaskInfo, file: File): boolean {
    if (task.status !== 'running' || task.upload !== 'waiting' || this.#uploads.states().has(task.taskId)) return false;
    return task.name === file.name && task.sizeBytes === file.size && task.lastModified === file.lastModified;
  }

  #follow(taskId: string, name: string): void {
    this.#followed.set({ taskId, name });
    this.view.open((config) => this.#sse.trackProgress(taskId, config));
  }

  #take({ taskId, status }: TaskProgress): void {
    if (status === 'running') return;
    // What has failed or was cancelled needs no more of its file.
    this.#uploads.stop(taskId);
  }

  protected load(): void {
    this.#api
      .all()
      .pipe(takeUntilDestroyed(this.#destroyRef))
      .subscribe({
        next: (tasks) => {
          this.#known.set(tasks);
          if (this.listIs() === 'missing') this.problem.set(null);
          this.listIs.set('here');
          const [latest] = tasks;
          // What runs is followed again by whoever comes back to the page.
          if (this.#followed() === null && latest?.status === 'running') this.#follow(latest.taskId, latest.name);
        },
        error: (error: unknown) => {
          this.problem.set(describeError(error));
          this.listIs.set('missing');
        },
      });
  }
}

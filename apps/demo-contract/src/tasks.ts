/** An event of `tasks/stream/:taskId`: the import of a CSV file. The last one's status is not `running`, and the stream completes. */
export interface TaskProgress {
  readonly taskId: string;
  readonly status: 'running' | 'completed' | 'failed' | 'cancelled';
  /** 0 to 100. */
  readonly percentage: number;
  /** For a person. */
  readonly message: string;
  readonly rows: number;
  readonly rowsPerSecond: number;
  /** `null` while nobody can tell. */
  readonly secondsLeft: number | null;
  /** Whether the file is here: all of it, a part whose rest comes now, or one whose rest somebody has to send. */
  readonly upload: 'complete' | 'receiving' | 'waiting';
  /** Where and why it failed; `null` otherwise. */
  readonly failure: TaskFailure | null;
}

/** Why an import failed: what a page needs to say it in its own language. */
export type TaskFailureCause =
  | {
      readonly code:
        | 'binary'
        | 'empty'
        | 'not-utf-8'
        | 'quote-in-value'
        | 'quote-not-closed'
        | 'single-column'
        | 'text-after-quote'
        | 'upload-broken';
    }
  | { readonly code: 'inconsistent-columns'; readonly found: number; readonly expected: number }
  | { readonly code: 'record-too-large' | 'too-many-columns'; readonly most: number }
  | { readonly code: 'repeated-column'; readonly name: string }
  | { readonly code: 'unnamed-column'; readonly column: number }
  | { readonly code: 'upload-silent'; readonly seconds: number }
  /** What the machine or the parser said, in English. */
  | { readonly code: 'broken-off' | 'not-stored' | 'unreadable'; readonly detail: string };

export type TaskFailure = TaskFailureCause & {
  /** From 1; 0 where it is about no line. */
  readonly line: number;
  /** The cause in English. */
  readonly reason: string;
};

/**
 * `POST tasks` as JSON: registers an import, whose file then goes to `tasks/:taskId/content`. Two steps, as a browser gives a page no
 * answer before it has sent the whole body: the page follows the task by its ID while the file is on its way. What has no browser may
 * `POST tasks?name=…` the file itself.
 */
export interface NewTask {
  /** The file's, to show. */
  readonly name: string;
  /** The file's, to tell the percentage and the time left, and to know the end of an upload that resumes. */
  readonly sizeBytes?: number;
  /** The file's, in ms since 1970, to know it again by. */
  readonly lastModified?: number;
}

/** What `POST tasks` answers. */
export interface TaskStarted {
  readonly taskId: string;
}

/** `GET tasks`: the person's own, the latest first. */
export interface TaskInfo extends TaskProgress {
  readonly name: string;
  /** {@link NewTask.sizeBytes}; `null` where nobody said. */
  readonly sizeBytes: number | null;
  /** {@link NewTask.lastModified}; `null` where nobody said. */
  readonly lastModified: number | null;
  /** ISO 8601. */
  readonly startedAt: string;
}

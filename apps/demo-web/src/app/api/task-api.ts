import { Injectable } from '@angular/core';
import { BaseMsalApiService } from '@sillage/angular/msal';
import type { NewTask, TaskInfo, TaskStarted } from 'demo-contract';
import type { Observable } from 'rxjs';

/** Imports of CSV files. */
@Injectable({ providedIn: 'root' })
export class TaskApi extends BaseMsalApiService {
  /** The person's own, the latest first. */
  all(): Observable<readonly TaskInfo[]> {
    return this.get('tasks');
  }

  register(task: NewTask): Observable<TaskStarted> {
    return this.post('tasks', task);
  }

  /** Sends the file as it is read: the browser never holds it as a whole. Unsubscribing aborts the upload. */
  upload(taskId: string, file: Blob): Observable<unknown> {
    // What the operating system takes the file for is its own affair: some call a CSV a spreadsheet.
    return this.put(`tasks/${encodeURIComponent(taskId)}/content`, file.slice(0, file.size, 'text/csv'));
  }

  cancel(taskId: string): Observable<unknown> {
    return this.post(`tasks/${encodeURIComponent(taskId)}/cancel`, null);
  }
}

import { Injectable } from '@angular/core';
import { BaseMsalApiService } from '@sillage/angular/msal';
import type { NewTask, TaskInfo, TaskStarted } from 'demo-contract';
import type { Observable } from 'rxjs';

/** Imports of CSV files, but for the files themselves, which `Uploads` sends. */
@Injectable({ providedIn: 'root' })
export class TaskApi extends BaseMsalApiService {
  /** The person's own, the latest first. */
  all(): Observable<readonly TaskInfo[]> {
    return this.get('tasks');
  }

  register(task: NewTask): Observable<TaskStarted> {
    return this.post('tasks', task);
  }

  cancel(taskId: string): Observable<unknown> {
    return this.post(`tasks/${encodeURIComponent(taskId)}/cancel`, null);
  }
}

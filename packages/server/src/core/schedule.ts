/**
 * Runs a task at the end of this turn of the event loop, after I/O: what was published while the loop served its sockets is in by then.
 * Uses a timer of 0 if there is no `setImmediate`.
 */
export function scheduleTask(task: () => void): void {
  if (typeof setImmediate === 'function') setImmediate(task);
  else setTimeout(task, 0);
}

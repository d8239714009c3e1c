import { expressStream, identityOf } from '@sillage/server/express';
import type { NewTask, TaskProgress, TaskStarted } from 'demo-contract';
import type { Request, Response, Router } from 'express';
import { z } from 'zod';
import type { DemoContext } from '../demo-context.ts';
import { readBody, sendProblem } from '../read-body.ts';
import { receiveFile } from './receive-file.ts';
import type { RunningImport } from './start-import.ts';
import { createTasks, taskTopic } from './tasks.ts';

const newTask = z.object({
  name: z.string().trim().min(1).max(255),
  sizeBytes: z.number().int().min(0).optional(),
}) as z.ZodType<NewTask>;

/** `GET` and `POST tasks`, `PUT tasks/:taskId/content`, `POST tasks/:taskId/cancel`, `GET tasks/stream/:taskId`. */
export async function taskRoutes(router: Router, context: DemoContext): Promise<void> {
  const { endpoint, access, guard, people } = context;
  const tasks = await createTasks(context);

  router.get('/tasks', ...guard.route, (_request, response) => {
    response.json(tasks.of(identityOf(response).key));
  });

  router.post('/tasks', ...guard.route, async (request, response) => {
    const isFile = isCsv(request);
    const wanted = readBody(newTask, isFile ? { name: request.query.name ?? 'file.csv' } : request.body, response);
    if (wanted === undefined) return;
    const task = await tasks.register(people.meet(identityOf(response)), wanted);
    if (task === undefined) {
      response.set('Retry-After', '5');
      sendProblem(response, 429, 'too-many-tasks', 'Enough imports are under way: wait for one to end, or cancel one.');
      return;
    }
    const { taskId } = task;
    const running = isFile ? tasks.begin(taskId, sizeOf(request)) : undefined;
    // Before the file is in, so that its progress can be followed.
    response.status(isFile ? 202 : 201).json({ taskId } satisfies TaskStarted);
    if (running !== undefined) await receiveFile(request, running);
  });

  router.put('/tasks/:taskId/content', ...guard.route, async (request, response) => {
    const taskId = findTask(request, response);
    if (taskId === undefined) return;
    if (!isCsv(request)) {
      sendProblem(response, 415, 'not-csv', 'Send the file as text/csv.');
      return;
    }
    const running = tasks.begin(taskId, sizeOf(request));
    if (running === undefined) {
      sendProblem(response, 409, 'file-not-wanted', 'This task has its file, or is over: register another one.');
      return;
    }
    await receiveFile(request, running);
    await answerOutcome(taskId, running, response);
  });

  async function answerOutcome(taskId: string, running: RunningImport, response: Response): Promise<void> {
    const outcome = await running.outcome;
    await tasks.ended(taskId);
    if (outcome.kind === 'completed') {
      response.status(204).end();
      return;
    }
    // What is left of the file is not read to its end, so that the connection can serve nothing more.
    response.set('Connection', 'close');
    if (outcome.kind === 'cancelled') sendProblem(response, 409, 'import-cancelled', 'The import was cancelled.');
    else sendProblem(response, 422, 'import-failed', `Line ${outcome.line}: ${outcome.reason}`);
  }

  router.post('/tasks/:taskId/cancel', ...guard.route, async (request, response) => {
    const taskId = findTask(request, response);
    if (taskId === undefined) return;
    if (await tasks.cancel(taskId)) response.status(204).end();
    else sendProblem(response, 409, 'task-over', 'The task is over: there is nothing to cancel.');
  });

  router.all(
    '/tasks/stream/:taskId',
    expressStream(endpoint, {
      ...access,
      authorize: ({ identity, request }) =>
        tasks.find(String(request.params.taskId), identity.key) === undefined ? 'not-found' : guard.stream(identity),
      topics: ({ request }) => [taskTopic(String(request.params.taskId))],
      snapshot: ({ request }) => tasks.snapshot(String(request.params.taskId)),
      completeAfter: ({ data }) => (JSON.parse(data) as TaskProgress).status !== 'running',
    }),
  );

  /** The task that the request is about, or the answer that there is none. */
  function findTask(request: Request, response: Response): string | undefined {
    const taskId = String(request.params.taskId);
    if (tasks.find(taskId, identityOf(response).key) !== undefined) return taskId;
    sendProblem(response, 404, 'unknown-task', 'There is no such task of yours.');
    return undefined;
  }
}

/** The size of what comes, where the client says it. */
function sizeOf(request: Request): number | null {
  const size = Number(request.headers['content-length'] ?? '');
  return size > 0 ? size : null;
}

function isCsv(request: Request): boolean {
  return request.is('text/csv') === 'text/csv';
}

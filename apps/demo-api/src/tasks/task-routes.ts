import type { StreamDefinition } from '@sillage/server';
import { identityOf } from '@sillage/server/express';
import type { NewTask, TaskProgress, TaskStarted } from 'demo-contract';
import type { Request, Response, Router } from 'express';
import { z } from 'zod';
import type { DemoContext } from '../demo-context.ts';
import { readBody, sendProblem } from '../read-body.ts';
import type { TaskUpload } from './upload/index.ts';
import { createTasks, taskTopic } from './tasks.ts';
import { abandonBody, refuse, uploadRoutes } from './upload/index.ts';

const newTask = z.object({
  name: z.string().trim().min(1).max(255),
  sizeBytes: z.number().int().min(0).optional(),
  lastModified: z.number().int().min(0).optional(),
}) as z.ZodType<NewTask>;

/**
 * `GET` and `POST tasks`, `HEAD`, `PATCH` and `PUT tasks/:taskId/content`, `POST tasks/:taskId/cancel`.
 *
 * @returns the stream `GET tasks/stream/:taskId`.
 */
export async function taskRoutes(
  router: Router,
  context: DemoContext,
): Promise<StreamDefinition<{ readonly taskId: string }>> {
  const { people } = context;
  const tasks = await createTasks(context);

  router.get('/tasks', (_request, response) => {
    response.json(tasks.of(identityOf(response).key));
  });

  router.post('/tasks', async (request, response) => {
    const isFile = isCsv(request);
    const wanted = readBody(newTask, isFile ? { name: request.query.name ?? 'file.csv' } : request.body, response);
    if (wanted === undefined) return;
    const task = await tasks.register(people.meet(identityOf(response)), wanted);
    if (task === undefined) {
      response.set('Retry-After', '5');
      sendProblem(
        response,
        429,
        'too-many-tasks',
        'Too many imports are under way: wait for one to end, or cancel one.',
      );
      return;
    }
    const { taskId } = task;
    const answer: TaskStarted = { taskId };
    const upload = isFile ? tasks.uploadOf(taskId) : undefined;
    if (upload === undefined) {
      response.status(201).json(answer);
      return;
    }
    // Sent before the file has arrived, so that its progress can be followed, and ended afterwards: Node discards the rest of a request once
    // its response has ended.
    const text = JSON.stringify(answer);
    response.status(202).type('json').set('Content-Length', String(text.length)).write(text);
    const reception = await upload.receiveAtOnce(request, sizeOf(request));
    response.end();
    if (reception !== 'taken') request.destroy();
  });

  uploadRoutes(router, findUpload);

  router.put('/tasks/:taskId/content', async (request, response) => {
    const upload = findUpload(request, response);
    if (upload === undefined) return;
    if (!isCsv(request)) {
      sendProblem(response, 415, 'not-csv', 'Send the file as text/csv.');
      return;
    }
    const reception = await upload.receiveAtOnce(request, sizeOf(request));
    if (reception === 'wrong-offset') {
      sendProblem(response, 409, 'file-not-wanted', 'This task already has a file: register another one.');
    } else if (reception === 'taken' || reception === 'not-wanted') {
      if (reception === 'not-wanted') abandonBody(response);
      await answerOutcome(request.params.taskId, response);
    } else refuse(reception, response);
  });

  async function answerOutcome(taskId: string, response: Response): Promise<void> {
    const task = await tasks.ended(taskId);
    switch (task?.status) {
      case 'completed':
        response.status(204).end();
        break;
      case 'cancelled':
        sendProblem(response, 409, 'import-cancelled', 'The import was cancelled.');
        break;
      case 'failed':
        sendProblem(response, 422, 'import-failed', task.message);
        break;
      default:
        sendProblem(response, 503, 'stopping', 'The API is shutting down: the import continues at its next start.');
    }
  }

  router.post('/tasks/:taskId/cancel', async (request, response) => {
    const taskId = findTask(request, response);
    if (taskId === undefined) return;
    if (await tasks.cancel(taskId)) response.status(204).end();
    else sendProblem(response, 409, 'task-over', 'The task has ended: there is nothing to cancel.');
  });

  return {
    authorize: ({ identity, params }) =>
      tasks.find(params.taskId, identity.key) === undefined ? 'not-found' : 'allow',
    topics: ({ params }) => [taskTopic(params.taskId)],
    snapshot: ({ params }) => tasks.snapshot(params.taskId),
    completeAfter: ({ data }) => (JSON.parse(data) as TaskProgress).status !== 'running',
  };

  /** The ID of the task in the path; `undefined`, and 404 is sent, if the user has no such task. */
  function findTask(request: Request, response: Response): string | undefined {
    const taskId = String(request.params.taskId);
    if (tasks.find(taskId, identityOf(response).key) !== undefined) return taskId;
    sendProblem(response, 404, 'unknown-task', 'You have no task with that ID.');
    return undefined;
  }

  /** Receives the file of the task in the path; `undefined`, and a problem is sent, if there is none. */
  function findUpload(request: Request, response: Response): TaskUpload | undefined {
    const taskId = findTask(request, response);
    if (taskId === undefined) return undefined;
    const upload = tasks.uploadOf(taskId);
    if (upload === undefined) refuse('not-wanted', response);
    return upload;
  }
}

/** The size of the body, if the client sent it. */
function sizeOf(request: Request): number | null {
  const size = Number(request.headers['content-length'] ?? '');
  return size > 0 ? size : null;
}

function isCsv(request: Request): boolean {
  return request.is('text/csv') === 'text/csv';
}

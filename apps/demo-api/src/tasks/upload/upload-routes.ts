import type { Request, RequestHandler, Response, Router } from 'express';
import { sendProblem } from '../../read-body.ts';
import type { Reception } from './upload-spool.ts';
import type { TaskUpload } from './task-upload.ts';

/** What is still read, and thrown away, of a file that is not wanted any more: enough for a client to get to the answer. */
const maxDiscardedBytes = 64 * 2 ** 20;
const version = '1.0.0';

/** The core protocol of tus 1.0 (https://tus.io/protocols/resumable-upload): `HEAD` says how much is here, `PATCH` sends more. */
export function uploadRoutes(
  router: Router,
  guard: readonly RequestHandler[],
  findUpload: (request: Request, response: Response) => TaskUpload | undefined,
): void {
  const find = (request: Request, response: Response): { upload: TaskUpload; sizeBytes: number } | undefined => {
    response.set('Tus-Resumable', version);
    if (request.get('Tus-Resumable') !== version) {
      response.set('Tus-Version', version);
      sendProblem(response, 412, 'unknown-version', `Say Tus-Resumable: ${version}.`);
      return undefined;
    }
    const upload = findUpload(request, response);
    if (upload === undefined) return undefined;
    const { sizeBytes } = upload;
    if (sizeBytes !== null) return { upload, sizeBytes };
    sendProblem(response, 409, 'size-unknown', 'Say sizeBytes with the task: nobody knows where its file ends.');
    return undefined;
  };

  router.head('/tasks/:taskId/content', ...guard, async (request, response) => {
    const found = find(request, response);
    if (found === undefined) return;
    const { upload, sizeBytes } = found;
    // Whoever asks goes on from there: what still comes on a connection that they have lost must not move it.
    await upload.interrupt();
    response
      .set({ 'Upload-Offset': String(upload.bytes), 'Upload-Length': String(sizeBytes) })
      .status(200)
      .end();
  });

  router.patch('/tasks/:taskId/content', ...guard, async (request, response) => {
    const found = find(request, response);
    if (found === undefined) return;
    const { upload, sizeBytes } = found;
    const offset = request.get('Upload-Offset') ?? '';
    if (request.is('application/offset+octet-stream') === false) {
      sendProblem(response, 415, 'not-a-part', 'Send a part of the file as application/offset+octet-stream.');
    } else if (!/^\d{1,15}$/.test(offset)) {
      sendProblem(response, 400, 'invalid-offset', 'Say in Upload-Offset where the part begins, in bytes.');
    } else if (Number(offset) + Number(request.get('Content-Length') ?? 0) > sizeBytes) refuse('too-large', response);
    else {
      const reception = await upload.receivePart(request, Number(offset));
      if (reception !== 'taken') refuse(reception, response);
      else response.set('Upload-Offset', String(upload.bytes)).status(204).end();
    }
  });
}

/** Says why a file was not taken, to whom there is still a connection to. */
export function refuse(reception: Exclude<Reception, 'taken'>, response: Response): void {
  if (reception === 'lost') return;
  abandonBody(response);
  switch (reception) {
    case 'too-large':
      sendProblem(response, 413, 'file-too-large', 'The file is larger than the task says.');
      break;
    case 'wrong-offset':
      sendProblem(response, 409, 'wrong-offset', 'The part does not begin where the file ends: ask by HEAD.');
      break;
    case 'not-wanted':
      sendProblem(response, 410, 'file-not-wanted', 'The task is over: its file is not wanted any more.');
  }
}

/** Lets a client get to its answer that still sends what nobody wants. */
export function abandonBody(response: Response): void {
  // What is left of the body is not read to its end, so that the connection can serve nothing more.
  response.set('Connection', 'close');
  const { req: request } = response;
  let left = maxDiscardedBytes;
  request.on('error', () => undefined);
  request.on('data', (chunk: Buffer) => {
    left -= chunk.byteLength;
    if (left < 0) request.destroy();
  });
}

import type { Request, Response, Router } from 'express';
import { sendProblem } from '../../read-body.ts';
import type { Reception } from './upload-spool.ts';
import type { TaskUpload } from './task-upload.ts';

/** How much is still read and discarded of a file that is not needed any more: a client reads the answer only once it has sent its part. */
const maxDiscardedBytes = 64 * 2 ** 20;
const version = '1.0.0';

/** The core protocol of tus 1.0 (https://tus.io/protocols/resumable-upload): `HEAD` returns the offset, `PATCH` sends more. */
export function uploadRoutes(
  router: Router,
  findUpload: (request: Request, response: Response) => TaskUpload | undefined,
): void {
  const find = (request: Request, response: Response): { upload: TaskUpload; sizeBytes: number } | undefined => {
    response.set('Tus-Resumable', version);
    if (request.get('Tus-Resumable') !== version) {
      response.set('Tus-Version', version);
      sendProblem(response, 412, 'unknown-version', `Send the header Tus-Resumable: ${version}.`);
      return undefined;
    }
    const upload = findUpload(request, response);
    if (upload === undefined) return undefined;
    const { sizeBytes } = upload;
    if (sizeBytes !== null) return { upload, sizeBytes };
    sendProblem(
      response,
      409,
      'size-unknown',
      'Register the task with sizeBytes: without it, the end of the file is not known.',
    );
    return undefined;
  };

  router.head('/tasks/:taskId/content', async (request, response) => {
    const found = find(request, response);
    if (found === undefined) return;
    const { upload, sizeBytes } = found;
    // The client resumes from this offset: a part that still arrives on its lost connection must not move it.
    await upload.interrupt();
    response
      .set({ 'Upload-Offset': String(upload.bytes), 'Upload-Length': String(sizeBytes) })
      .status(200)
      .end();
  });

  router.patch('/tasks/:taskId/content', async (request, response) => {
    const found = find(request, response);
    if (found === undefined) return;
    const { upload, sizeBytes } = found;
    const offset = request.get('Upload-Offset') ?? '';
    if (request.is('application/offset+octet-stream') === false) {
      sendProblem(response, 415, 'not-a-part', 'Send a part of the file as application/offset+octet-stream.');
    } else if (!/^\d{1,15}$/.test(offset)) {
      sendProblem(response, 400, 'invalid-offset', 'Send the offset of the part in bytes as Upload-Offset.');
    } else if (Number(offset) + Number(request.get('Content-Length') ?? 0) > sizeBytes) refuse('too-large', response);
    else {
      const reception = await upload.receivePart(request, Number(offset));
      if (reception !== 'taken') refuse(reception, response);
      else response.set('Upload-Offset', String(upload.bytes)).status(204).end();
    }
  });
}

/** Answers why a file was refused, unless the connection is lost. */
export function refuse(reception: Exclude<Reception, 'taken'>, response: Response): void {
  if (reception === 'lost') return;
  abandonBody(response);
  switch (reception) {
    case 'disk-full':
      sendProblem(
        response,
        507,
        'storage-full',
        'The disk of the API is full, and the file was removed: try again later.',
      );
      break;
    case 'too-large':
      sendProblem(response, 413, 'file-too-large', 'The file is larger than the task says.');
      break;
    case 'wrong-offset':
      sendProblem(
        response,
        409,
        'wrong-offset',
        'The part does not begin where the stored part ends. Get the offset by HEAD.',
      );
      break;
    case 'not-wanted':
      sendProblem(response, 410, 'file-not-wanted', 'The task has ended: its file is not needed any more.');
  }
}

/** Lets a client read its answer while it still sends a body that is not needed. */
export function abandonBody(response: Response): void {
  // The body is not read to its end, so the connection cannot serve another request.
  response.set('Connection', 'close');
  const { req: request } = response;
  let left = maxDiscardedBytes;
  request.on('error', () => undefined);
  request.on('data', (chunk: Buffer) => {
    left -= chunk.byteLength;
    if (left < 0) request.destroy();
  });
}

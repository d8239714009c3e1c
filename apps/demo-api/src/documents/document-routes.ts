import type { StreamDefinition } from '@sillage/server';
import { identityOf } from '@sillage/server/express';
import type { NewDocument, NewDocumentCursor, NewDocumentUpdate } from 'demo-contract';
import type { Request, Response, Router } from 'express';
import { z } from 'zod';
import type { DemoContext } from '../demo-context.ts';
import { readBody, sendProblem } from '../read-body.ts';
import { createDocuments, documentTopic } from './documents.ts';
import { createSampleDocuments } from './sample-document.ts';
import { UpdateRefused } from './shared-text.ts';

const unknownDocument = 'There is no such document, or you may not open it.';
const refusalStatus: Readonly<Record<UpdateRefused['code'], number>> = {
  'invalid-update': 400,
  'missing-updates': 409,
  'update-too-complex': 413,
  'document-too-large': 413,
};
const clientId = z.string().min(1).max(100);
const newDocument = z.object({
  title: z.string().trim().min(1).max(200),
  sharedWith: z.array(z.string().min(1).max(100)).max(50),
}) satisfies z.ZodType<NewDocument>;
const newUpdate = z.object({ clientId, update: z.base64() }) satisfies z.ZodType<NewDocumentUpdate>;
const place = z.string().max(1_000);
const newCursor = z.object({
  clientId,
  range: z.object({ anchor: place, head: place }).nullable(),
}) satisfies z.ZodType<NewDocumentCursor>;

/**
 * `GET` and `POST documents`, `DELETE documents/:documentId`, `POST documents/:documentId/updates` and `…/cursor`.
 *
 * @returns the stream `GET documents/stream/:documentId`.
 */
export function documentRoutes(
  router: Router,
  context: DemoContext,
): StreamDefinition<{ readonly documentId: string }> {
  const { people, notify, audit } = context;
  const documents = createDocuments(context);

  const giveSample = createSampleDocuments(context, documents);

  router.get('/documents', async (_request, response) => {
    const user = people.meet(identityOf(response));
    await giveSample(user);
    response.json(documents.openTo(user.id));
  });

  router.post('/documents', async (request, response) => {
    const owner = people.meet(identityOf(response));
    const wanted = readBody(newDocument, request.body, response);
    if (wanted === undefined) return;
    const sharedWith = [...new Set(wanted.sharedWith)].filter((id) => id !== owner.id);
    if (!sharedWith.every((id) => people.find(id) !== undefined)) {
      sendProblem(
        response,
        404,
        'unknown-person',
        'At least one of these users has not signed in. Choose from GET people.',
      );
      return;
    }
    const info = documents.create({ title: wanted.title, owner, sharedWith });
    const title = `${owner.name} shared a document with you`;
    const about = { kind: 'document-shared', documentId: info.id } as const;
    const notice = { from: owner, title, message: info.title, about };
    await Promise.all(sharedWith.map((id) => notify(id, notice)));
    audit(owner, 'created a document', { document: info.id, sharedWith });
    response.status(201).json(info);
  });

  /** The ID of the document in the path; `undefined`, and 404 is sent, if the user may not open it. */
  function findDocument(request: Request, response: Response): string | undefined {
    const id = String(request.params.documentId);
    if (documents.find(id, identityOf(response).key) !== undefined) return id;
    sendProblem(response, 404, 'unknown-document', unknownDocument);
    return undefined;
  }

  router.post('/documents/:documentId/updates', async (request, response) => {
    const id = findDocument(request, response);
    const wanted = id === undefined ? undefined : readBody(newUpdate, request.body, response);
    if (id === undefined || wanted === undefined) return;
    try {
      await documents.update(id, Buffer.from(wanted.update, 'base64'), wanted.clientId);
      response.status(204).end();
    } catch (error) {
      if (!(error instanceof UpdateRefused)) throw error;
      sendProblem(response, refusalStatus[error.code], error.code, error.message);
    }
  });

  router.post('/documents/:documentId/cursor', async (request, response) => {
    const id = findDocument(request, response);
    const wanted = id === undefined ? undefined : readBody(newCursor, request.body, response);
    if (id === undefined || wanted === undefined) return;
    await documents.moveCursor(id, { ...wanted, person: people.meet(identityOf(response)) });
    response.status(204).end();
  });

  router.delete('/documents/:documentId', (request, response) => {
    const id = findDocument(request, response);
    if (id === undefined) return;
    const owner = people.meet(identityOf(response));
    if (documents.remove(id, owner.id)) {
      audit(owner, 'deleted a document', { document: id });
      response.status(204).end();
    } else sendProblem(response, 403, 'not-the-owner', 'Only the user who created a document can delete it.');
  });

  return {
    // A document of other users is answered like one that does not exist: its existence is private too.
    authorize: ({ identity, params }) =>
      documents.find(params.documentId, identity.key) === undefined
        ? { kind: 'not-found', code: 'unknown-document', detail: unknownDocument }
        : 'allow',
    topics: ({ params }) => [documentTopic(params.documentId)],
    snapshot: ({ params }) => documents.snapshot(params.documentId),
  };
}

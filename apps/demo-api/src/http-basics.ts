import { expressCors } from '@sillage/server/express';
import express, { type ErrorRequestHandler, type Express, type RequestHandler } from 'express';
import type { Usage } from './analytics/usage.ts';
import type { DemoContext } from './demo-context.ts';
import { sendProblem } from './read-body.ts';
import { corsOf } from './web-origins.ts';

/** An update of a document is as large as what was pasted into it. */
const documentBody = '1500kb';

/** What a page's upload says and reads beside the rest (tus 1.0). */
const uploadHeaders = {
  allowHeaders: ['tus-resumable', 'upload-offset'],
  exposeHeaders: ['Tus-Resumable', 'Upload-Offset', 'Upload-Length'],
};

/** What holds for every request: who may read the answer, what is counted, logged and limited, and how a body is read. */
export function beforeRoutes(app: Express, { config, guard, logging }: DemoContext, usage: Usage): void {
  app.disable('x-powered-by');
  // What is answered is about one person, at one moment: a browser must neither keep it nor ask whether it still holds.
  app.disable('etag');
  app.set('trust proxy', config.TRUST_PROXY);
  app.use((request, response, next) => {
    response.set('Cache-Control', 'no-store');
    usage.count('requests');
    response.on('finish', () => {
      if (response.statusCode >= 400) usage.count('errors');
      // The path alone: a query may hold what a log must not.
      logging.access.info({ method: request.method, path: request.path, status: response.statusCode }, 'request');
    });
    next();
  });
  app.use(expressCors({ ...corsOf(config), ...uploadHeaders }));
  app.get('/health', (_request, response) => void response.json({ status: 'ok' }));
  app.use(guard.address);
  app.use('/documents', express.json({ limit: documentBody }));
  app.use(express.json({ limit: '64kb' }));
}

export const answerUnknownPath: RequestHandler = (_request, response) =>
  sendProblem(response, 404, 'not-found', 'There is nothing at this path.');

/** Whatever a route threw: a body that could not be read is the caller's, everything else ours. */
export function answerFailure({ logging }: DemoContext): ErrorRequestHandler {
  return (error: unknown, _request, response, next) => {
    if (response.headersSent) {
      next(error);
      return;
    }
    // Express's own errors (a body that is no JSON, or too large) carry the status to answer with.
    const status = error instanceof Error && 'status' in error && typeof error.status === 'number' ? error.status : 500;
    if (status >= 500) {
      logging.app.error({ err: error }, 'request failed');
      sendProblem(response, status, 'internal-error', 'The request failed.');
    } else sendProblem(response, status, 'invalid-request', 'The request could not be read.');
  };
}

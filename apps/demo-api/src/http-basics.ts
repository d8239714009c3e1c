import type { Identity } from '@sillage/server';
import { expressCors } from '@sillage/server/express';
import express, { type ErrorRequestHandler, type Express, type RequestHandler } from 'express';
import type { Usage } from './analytics/usage.ts';
import type { DemoContext } from './demo-context.ts';
import { isLimitReached } from './store/state-store.ts';
import { sendProblem } from './read-body.ts';
import { corsOf } from './web-origins.ts';

/** An update of a document is as large as the text that was pasted into it. */
const documentBody = '1500kb';
/** The longest path that an access log line holds. */
const maxLoggedPath = 200;

/** The headers that a page's upload sends and reads (tus 1.0). */
const uploadHeaders = {
  allowHeaders: ['tus-resumable', 'upload-offset'],
  exposeHeaders: ['Tus-Resumable', 'Upload-Offset', 'Upload-Length'],
};

/** Runs before everything else, for every request. It reads no body, and logs nothing about a request without a valid token. */
export function beforeRoutes(app: Express, { config, guard, logging }: DemoContext, usage: Usage): void {
  app.disable('x-powered-by');
  // Answers are about one user at one moment: a browser must neither store them nor revalidate them.
  app.disable('etag');
  app.set('trust proxy', config.TRUST_PROXY);
  app.use((request, response, next) => {
    response.set('Cache-Control', 'no-store');
    usage.count('requests');
    response.on('finish', () => {
      const { statusCode: status, locals } = response;
      if (status >= 400) usage.count('errors');
      // A request without a valid token, or past a limit, is counted only: it could fill the log at will.
      const identity = locals.identity as Identity | undefined;
      if (identity === undefined || status === 429) return;
      // The path only: a query may hold what a log must not.
      const path = request.path.slice(0, maxLoggedPath);
      logging.access.info({ method: request.method, path, status, user: identity.key }, 'request');
    });
    next();
  });
  app.use(expressCors({ ...corsOf(config), ...uploadHeaders }));
  app.get('/health', (_request, response) => void response.json({ status: 'ok' }));
  app.use(guard.address);
}

/** Parses JSON bodies. Mounted after the guard: a stranger's body costs nothing. */
export function parseBodies(app: Express): void {
  app.use('/documents', express.json({ limit: documentBody }));
  app.use(express.json({ limit: '64kb' }));
}

export const answerUnknownPath: RequestHandler = (_request, response) =>
  sendProblem(response, 404, 'not-found', 'There is nothing at this path.');

/** Answers for whatever a route threw: an unreadable body or a reached limit is the caller's, everything else is ours. */
export function answerFailure({ logging, disk }: DemoContext): ErrorRequestHandler {
  return (error: unknown, _request, response, next) => {
    if (response.headersSent) {
      next(error);
      return;
    }
    if (isLimitReached(error)) {
      sendProblem(response, error.code === 'store-full' ? 507 : 409, error.code, error.message);
      return;
    }
    if (disk.isFullError(error)) {
      logging.app.error({ err: error }, 'the disk is full');
      disk.sendFull(response);
      return;
    }
    // Express's own errors (a body that is not JSON, or too large) carry the status to answer with.
    const status = error instanceof Error && 'status' in error && typeof error.status === 'number' ? error.status : 500;
    if (status >= 500) {
      logging.app.error({ err: error }, 'request failed');
      sendProblem(response, status, 'internal-error', 'The request failed.');
    } else sendProblem(response, status, 'invalid-request', 'The request could not be read.');
  };
}

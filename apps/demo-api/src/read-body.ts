import express, { type Request, type RequestHandler, type Response } from 'express';
import type { z } from 'zod';

const parse: RequestHandler = express.json({ limit: '64kb' });

/** Reads a JSON body into `request.body`, for a stream whose guard has allowed the request. @returns `undefined` if it cannot be read. */
export function parseJson(request: Request): Promise<unknown> {
  return new Promise((resolve) => {
    const { res: response } = request;
    if (response === undefined) resolve(undefined);
    else parse(request, response, (error?: unknown) => resolve(error === undefined ? request.body : undefined));
  });
}

/** Validates a request's body. If it is not valid, sends 400 with the reasons and returns `undefined` (PROTOCOL 3.4, 7.5). */
export function readBody<T>(schema: z.ZodType<T>, body: unknown, response: Response): T | undefined {
  const { success, data, error } = schema.safeParse(body);
  if (success) return data;
  sendProblem(response, 400, 'invalid-body', describeIssues(error));
  return undefined;
}

/** What is wrong, field by field, for the caller. */
export function describeIssues({ issues }: z.ZodError): string {
  return issues.map(({ path, message }) => `${path.join('.') || 'body'}: ${message}`).join('; ');
}

/** Answers with a problem (RFC 9457). */
export function sendProblem(response: Response, status: number, code: string, detail: string): void {
  response.status(status).type('application/problem+json').json({ status, code, title: code, detail });
}

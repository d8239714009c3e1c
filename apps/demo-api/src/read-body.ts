import type { Response } from 'express';
import type { z } from 'zod';

/** Checks a request's body; answers with 400 and what is wrong with it, and `undefined`, where it does not fit (PROTOCOL 3.4, 7.5). */
export function readBody<T>(schema: z.ZodType<T>, body: unknown, response: Response): T | undefined {
  const { success, data, error } = schema.safeParse(body);
  if (success) return data;
  sendProblem(response, 400, 'invalid-body', describeIssues(error));
  return undefined;
}

/** What is wrong, field by field, for who sent it. */
export function describeIssues({ issues }: z.ZodError): string {
  return issues.map(({ path, message }) => `${path.join('.') || 'body'}: ${message}`).join('; ');
}

/** Answers with a problem (RFC 9457). */
export function sendProblem(response: Response, status: number, code: string, detail: string): void {
  response.status(status).type('application/problem+json').json({ status, code, title: code, detail });
}

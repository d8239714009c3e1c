import { guidFrom } from './guid.ts';

/**
 * A refusal in Entra's words. What it says is public: it never holds a token, a code or a secret.
 *
 * The numbers and texts follow Microsoft, "Microsoft Entra authentication and authorization error codes".
 */
export class EntraError extends Error {
  override readonly name = 'EntraError';
  /** The number after `AADSTS`. */
  readonly code: number;
  /** The OAuth error, such as `invalid_grant`. */
  readonly error: string;
  /** The HTTP status on the token endpoint. */
  readonly status: number;
  readonly suberror: string | undefined;
  /** The claims to ask for, as JSON: Entra's answer to a step-up that a silent request cannot do. */
  readonly claims: string | undefined;

  constructor(
    code: number,
    error: string,
    message: string,
    options: { status?: number; suberror?: string; claims?: string; cause?: unknown } = {},
  ) {
    super(`AADSTS${code}: ${message}`, options);
    const { status = 400, suberror, claims } = options;
    this.code = code;
    this.error = error;
    this.status = status;
    this.suberror = suberror;
    this.claims = claims;
  }
}

/** Whether the value is a refusal of this emulator. */
export function isEntraError(value: unknown): value is EntraError {
  return value instanceof EntraError;
}

/** What an error body needs besides the error. */
export interface ErrorContext {
  readonly origin: string;
  readonly now: number;
  readonly randomBytes: (count: number) => Uint8Array;
  /** The `client-request-id` of the request, if it had one that is a guidPattern. */
  readonly correlationId: string | undefined;
}

/** The body of Entra's token endpoint for a refusal; the same fields travel in an authorize response. */
export interface EntraErrorBody {
  readonly error: string;
  readonly error_description: string;
  readonly error_codes: readonly number[];
  readonly timestamp: string;
  readonly trace_id: string;
  readonly correlation_id: string;
  readonly error_uri: string;
  readonly suberror?: string;
  readonly claims?: string;
}

/** Dresses a refusal as Entra does. `error_codes` are numbers there, whatever client types say. */
export function entraErrorBody(refusal: EntraError, context: ErrorContext): EntraErrorBody {
  const { origin, now, randomBytes } = context;
  const timestamp = new Date(now).toISOString().replace('T', ' ').replace(/\.\d+/, '');
  const traceId = guidFrom(randomBytes(16));
  const correlationId = context.correlationId ?? guidFrom(randomBytes(16));
  return {
    error: refusal.error,
    error_description: `${refusal.message} Trace ID: ${traceId} Correlation ID: ${correlationId} Timestamp: ${timestamp}`,
    error_codes: [refusal.code],
    timestamp,
    trace_id: traceId,
    correlation_id: correlationId,
    error_uri: `${origin}/error?code=${refusal.code}`,
    ...(refusal.suberror === undefined ? {} : { suberror: refusal.suberror }),
    ...(refusal.claims === undefined ? {} : { claims: refusal.claims }),
  };
}

/** A parameter that is not there. */
export function missingParameter(name: string): EntraError {
  return new EntraError(900144, 'invalid_request', `The request body must contain the following parameter: '${name}'.`);
}

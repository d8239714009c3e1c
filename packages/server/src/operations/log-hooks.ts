import type { SessionSummary, StreamEndpointOptions } from '../endpoint/index.ts';
import type { Refusal } from '../http/index.ts';
import type { SessionCloseReason } from '../sessions/index.ts';

/** What writes log lines, in the manner of pino: the fields, then the message. */
export interface StructuredLogger {
  info(fields: Readonly<Record<string, unknown>>, message: string): void;
  warn(fields: Readonly<Record<string, unknown>>, message: string): void;
  error(fields: Readonly<Record<string, unknown>>, message: string): void;
}

type LogHooks = Required<Pick<StreamEndpointOptions, 'onSessionOpened' | 'onSessionClosed' | 'onRefused' | 'onError'>>;

/**
 * Makes the hooks of an endpoint write log lines. They have users' keys and topics, and never a token, a ticket or a URL, which may hold one.
 *
 * @example createStreamEndpoint({ hub, verifier, ...createLogHooks(pino()) })
 */
export function createLogHooks(logger: StructuredLogger): LogHooks {
  return {
    onSessionOpened({ identity, topics }: SessionSummary) {
      logger.info({ user: identity.key, topics }, 'session opened');
    },
    onSessionClosed({ identity, topics }: SessionSummary, reason: SessionCloseReason) {
      const fields = { user: identity.key, topics, reason };
      if (reason === 'slow-consumer' || reason === 'failed') logger.warn(fields, 'session ended');
      else logger.info(fields, 'session ended');
    },
    onRefused({ status, code }: Refusal, cause: unknown) {
      const fields = { status, code, ...(cause instanceof Error ? { reason: cause.message } : {}) };
      if (status >= 500) logger.error(fields, 'request refused');
      else logger.info(fields, 'request refused');
    },
    onError(error: unknown) {
      // Not the error itself: loggers write all that hangs on it, and a cause may hold a request.
      const { name = 'Error', message = String(error), stack } = error instanceof Error ? error : {};
      logger.error({ err: { type: name, message, stack } }, 'stream failed');
    },
  };
}

import { expressStream } from '@sillage/server/express';
import type { LogLevel, LogType } from 'demo-contract';
import type { Router } from 'express';
import { z } from 'zod';
import type { DemoContext } from '../demo-context.ts';

const levels = ['debug', 'info', 'warn', 'error'] as const satisfies readonly LogLevel[];
const logType = z.enum(['app', 'access', 'audit'] satisfies readonly LogType[]);
const leastLevel = z.enum(levels).default('debug');

/** A topic a level, so that each connection follows the levels that it asked for, and nothing is filtered as it is sent. */
export function logTopic(type: LogType, level: LogLevel): string {
  return `logs/${type}/${level}`;
}

/** `GET logs/stream/:logType?level=…`, for administrators. */
export function logRoutes(router: Router, { endpoint, access, live, guard }: DemoContext): void {
  router.all(
    '/logs/stream/:logType',
    expressStream(endpoint, {
      ...access,
      roles: ['Stream.Admin'],
      hub: live.hub,
      authorize({ identity, request, query }) {
        if (!logType.safeParse(request.params.logType).success) {
          return { kind: 'not-found', detail: `There is no such log: choose one of ${logType.options.join(', ')}.` };
        }
        if (!leastLevel.safeParse(query.get('level') ?? undefined).success) {
          return { kind: 'bad-request', detail: `There is no such level: choose one of ${levels.join(', ')}.` };
        }
        return guard.stream(identity);
      },
      topics({ request, query }) {
        const type = logType.parse(request.params.logType);
        const least = leastLevel.parse(query.get('level') ?? undefined);
        return levels.slice(levels.indexOf(least)).map((level) => logTopic(type, level));
      },
    }),
  );
}

import type { StreamDefinition } from '@sillage/server';
import type { LogLevel, LogType } from 'demo-contract';
import { z } from 'zod';
import type { DemoContext } from '../demo-context.ts';

const levels = ['debug', 'info', 'warn', 'error'] as const satisfies readonly LogLevel[];
const logType = z.enum(['app', 'access', 'audit'] satisfies readonly LogType[]);
const leastLevel = z.enum(levels).default('debug');

/** One topic per level: a connection subscribes to the levels that it asked for, and nothing is filtered while sending. */
export function logTopic(type: LogType, level: LogLevel): string {
  return `logs/${type}/${level}`;
}

/** @returns the stream `GET logs/stream/:logType?level=…`, for administrators. */
export function logRoutes({ access, logLines }: DemoContext): StreamDefinition<{ readonly logType: string }> {
  return {
    ...access,
    roles: ['Stream.Admin'],
    hub: logLines.hub,
    authorize({ params, query }) {
      if (!logType.safeParse(params.logType).success) {
        return { kind: 'not-found', detail: `Unknown log. Choose one of ${logType.options.join(', ')}.` };
      }
      if (!leastLevel.safeParse(query.get('level') ?? undefined).success) {
        return { kind: 'bad-request', detail: `Unknown level. Choose one of ${levels.join(', ')}.` };
      }
      return 'allow';
    },
    topics({ params, query }) {
      const type = logType.parse(params.logType);
      const least = leastLevel.parse(query.get('level') ?? undefined);
      return levels.slice(levels.indexOf(least)).map((level) => logTopic(type, level));
    },
  };
}

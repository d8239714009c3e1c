import type { LogLevel, LogLine, LogType } from 'demo-contract';
import { pino, type DestinationStream, type Logger } from 'pino';
import type { Config } from '../config.ts';

/** The API's loggers: its own messages, the requests, and what users did. */
export type Logging = Readonly<Record<LogType, Logger>>;

export interface LoggingOptions {
  readonly level: Config['LOG_LEVEL'];
  readonly destination: DestinationStream;
  /** Receives each line too, at any level. It must not log: that would cause another line, and so on. */
  readonly publish: (type: LogType, line: LogLine) => void;
}

const types = ['app', 'access', 'audit'] as const satisfies readonly LogType[];

/** The beginning of a JSON Web Token, in any field or message. */
const token = /\beyJ[\w-]{8,}(?:\.[\w-]*){0,4}/g;

/** Creates the loggers. None of their lines contains a token, neither those for the destination nor those for pages. */
export function createLogging({ level, destination, publish }: LoggingOptions): Logging {
  const streams: pino.StreamEntry[] = [{ level: 'debug', stream: { write: (json: string) => forward(json, publish) } }];
  if (level !== 'silent') streams.push({ level, stream: destination });
  const root = pino(
    {
      level: level === 'trace' ? 'trace' : 'debug',
      base: null,
      hooks: { streamWrite: (json) => json.replace(token, '[token]') },
    },
    pino.multistream(streams),
  );
  const [app, access, audit] = types.map((type) => root.child({ log: type })) as [Logger, Logger, Logger];
  return { app, access, audit };
}

function forward(json: string, publish: LoggingOptions['publish']): void {
  const { level, time, msg, log, ...fields } = JSON.parse(json) as Record<string, unknown> & { log: LogType };
  const at = new Date(Number(time)).toISOString();
  publish(log, { level: nameOf(Number(level)), message: typeof msg === 'string' ? msg : '', fields, at });
}

function nameOf(level: number): LogLevel {
  if (level >= 50) return 'error';
  if (level >= 40) return 'warn';
  return level >= 30 ? 'info' : 'debug';
}

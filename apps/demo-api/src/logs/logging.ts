import type { LogLevel, LogLine, LogType } from 'demo-contract';
import { pino, type DestinationStream, type Logger } from 'pino';
import type { Config } from '../config.ts';

/** The API's loggers: what it does, who called, and who did what. */
export type Logging = Readonly<Record<LogType, Logger>>;

export interface LoggingOptions {
  readonly level: Config['LOG_LEVEL'];
  readonly destination: DestinationStream;
  /** Takes each line as well, whatever the level. It must not log: its line would be taken too, and so on. */
  readonly publish: (type: LogType, line: LogLine) => void;
}

const types = ['app', 'access', 'audit'] as const satisfies readonly LogType[];

/** What begins as a JSON Web Token does, in whatever field or message it got. */
const token = /\beyJ[\w-]{8,}(?:\.[\w-]*){0,4}/g;

/** Creates the loggers. No line of theirs holds a token: not on the way to the destination, and not on the way to a page. */
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

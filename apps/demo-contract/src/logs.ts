/** The logs of `logs/stream/:logType`. Only for the role `Stream.Admin`. */
export type LogType = 'app' | 'access' | 'audit';

export type LogLevel = 'debug' | 'info' | 'warn' | 'error';

/** An event of `logs/stream/:logType?level=…`. */
export interface LogLine {
  readonly level: LogLevel;
  readonly message: string;
  /** What was logged beside the message. Never a token. */
  readonly fields: Readonly<Record<string, unknown>>;
  /** ISO 8601. */
  readonly at: string;
}

export { createSqliteEventLog } from './logs/sqlite-event-log.ts';
export type { SqliteEventLogOptions } from './logs/sqlite-event-log.ts';

export { checkTopic, draftEvent, isTopic } from './event-draft.ts';
export type { OutgoingEvent } from './event-draft.ts';
export { encodeComment, encodeEvent, heartbeat, joinBlocks } from './event-encoder.ts';
export type { EncodableEvent } from './event-encoder.ts';
export { formatEventId, isEpoch, parseEventId } from './event-id.ts';
export type { EventPlace } from './event-id.ts';
export { locateCursor } from './event-log.ts';
export type {
  EventLog,
  GapReason,
  LogBatch,
  LogEntry,
  LogGap,
  LoggedEvent,
  LogPage,
  LogReadRequest,
  LogTail,
  LogTailListener,
  StoredBatch,
} from './event-log.ts';

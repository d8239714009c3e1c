/** What the demo's API and its web app say to each other. Types alone: nothing of this exists at run time. */
export type { AssistantInfo, ChatPrompt, ConversationHistory } from './assistant.ts';
export type { ChatHistory, ChatMessage } from './chat.ts';
export type { BrokerStatus, DeviceList, DeviceReading } from './devices.ts';
export type {
  DocumentCursor,
  DocumentEvent,
  DocumentInfo,
  NewDocument,
  NewDocumentCursor,
  NewDocumentUpdate,
} from './documents.ts';
export type { TypedEvent, TypedEventKind } from './events.ts';
export type { GameState, NewMove } from './games.ts';
export type { LogLevel, LogLine, LogType } from './logs.ts';
export type { AnalyticsMetric, AnalyticsPoint, DataPoint, DataType, ServerHealth } from './metrics.ts';
export type { ImportEnded, Inbox, NewNotice, Notice, NoticeSubject } from './notifications.ts';
export type { Me, Person, SessionReport } from './people.ts';
export type { NewShowcaseFault, Pulse, PulseReport, StreamFault } from './showcase.ts';
export type { StockPrice, StockSymbol } from './stocks.ts';
export type { NewTask, TaskFailure, TaskFailureCause, TaskInfo, TaskProgress, TaskStarted } from './tasks.ts';
export type { TransportSight } from './transports.ts';
export type { WebConfig } from './web-config.ts';

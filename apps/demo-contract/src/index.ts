/** What the demo's API and its web app say to each other. Types alone: nothing of this exists at run time. */

/** Somebody who has signed in. */
export interface Person {
  /** `<tenant>.<object>`: what the API keys on. */
  readonly id: string;
  readonly name: string;
  /** To show. */
  readonly username: string;
}

/** `GET me` */
export interface Me extends Person {
  readonly roles: readonly string[];
  /** Whether the API demands a second factor of this person before it streams. */
  readonly stepUp: 'demanded' | 'not-demanded';
}

/** An event of `notifications/stream`. */
export interface Notice {
  readonly from: Person;
  /** English, where the API wrote it. */
  readonly title: string;
  readonly message: string;
  /** What the API's own words are about, for a page that says it in another language; absent where a person wrote them. */
  readonly about?: NoticeSubject;
  /** ISO 8601. */
  readonly at: string;
}

export type NoticeSubject =
  | ImportEnded
  /** The person was mentioned in the chat of a session. */
  | { readonly kind: 'mentioned'; readonly session: string }
  | { readonly kind: 'document-shared'; readonly documentId: string };

/** An import came to its end. */
export interface ImportEnded {
  readonly kind: 'import-ended';
  /** The file's name. */
  readonly name: string;
  readonly status: 'completed' | 'failed';
  readonly rows: number;
  readonly failure: TaskFailure | null;
}

/** `POST notifications` */
export interface NewNotice {
  /** A {@link Person.id}. */
  readonly to: string;
  readonly title: string;
  readonly message: string;
}

/** An event of `chat/stream/:sessionId`. */
export interface ChatMessage {
  readonly from: Person;
  readonly text: string;
  /** ISO 8601. */
  readonly at: string;
}

/** `GET chat/:sessionId/messages`: what was said, and where the stream goes on from there. */
export interface ChatHistory {
  readonly messages: readonly ChatMessage[];
  readonly lastEventId: string;
}

/** The types of `events/stream`. */
export type TypedEventKind = 'chat' | 'notification' | 'status' | 'update';

/** An event of `events/stream`, whose type is its kind. */
export interface TypedEvent {
  readonly from: string;
  readonly text: string;
  /** ISO 8601. */
  readonly at: string;
}

/** `GET assistant` */
export interface AssistantInfo {
  /** `embedded`: answers by search in the project's own documentation, without a language model. `upstream`: an OpenAI-compatible API. */
  readonly kind: 'embedded' | 'upstream';
  readonly description: string;
}

/**
 * `POST chat/completions/stream`: answered by a stream of strings that completes. With an `answerId`, the same request resumes the same
 * answer, and `DELETE chat/completions/:answerId` ends it; without one, the answer ends with the connection.
 */
export interface ChatPrompt {
  readonly prompt: string;
  /** Chosen by the client; the API keeps what was said under it. */
  readonly conversationId?: string;
  /** A UUID, chosen by the client, one for each question. */
  readonly answerId?: string;
}

/** `GET chat/conversations/:conversationId`: what was said in it, if anything was, by whoever asks and the assistant. */
export interface ConversationHistory {
  /** A question, then its answer, and so on; the latest ten of each. */
  readonly turns: readonly { readonly role: 'user' | 'assistant'; readonly content: string }[];
  /** The question whose answer is not at its end: to ask it again under the same ID goes on with it. */
  readonly unfinished: { readonly answerId: string; readonly prompt: string } | null;
}

/** `GET sessions`, for administrators. */
export interface SessionReport {
  readonly total: number;
  readonly byPerson: Readonly<Record<string, number>>;
}

/** What the web app is served as `config.json`. */
export interface WebConfig {
  /** Whose sign-in this is: `emulator` is simulated, and the page says so. */
  readonly identityProvider: 'emulator' | 'entra';
  readonly apiUrl: string;
  readonly scopes: readonly string[];
  /** MSAL's `auth`, as the identity provider needs it. */
  readonly auth: {
    readonly clientId: string;
    readonly authority: string;
    readonly knownAuthorities?: readonly string[];
    readonly authorityMetadata?: string;
  };
}

/** Whose numbers `data/stream/:dataType` sends: the API's process, or its machine. `metrics`, the guide's word, is the process. */
export type DataType = 'metrics' | 'process' | 'machine';

/** An event of `data/stream/:dataType`. */
export interface DataPoint {
  /** What is measured, such as `cpu`, `heapUsed` or `freeMemory`. */
  readonly metric: string;
  readonly value: number;
  readonly unit: 'percent' | 'bytes' | 'milliseconds' | 'count';
  /** ISO 8601. */
  readonly at: string;
}

/** What `analytics/stream/:metricType` counts, of this API's own use. */
export type AnalyticsMetric = 'users' | 'streams' | 'events' | 'requests' | 'errors';

/** An event of `analytics/stream/:metricType`, once a second. */
export interface AnalyticsPoint {
  readonly metric: AnalyticsMetric;
  /** `users` and `streams`: now. The others: in the last second. */
  readonly value: number;
  /** Since the API started; for `users` and `streams`, the most at once. */
  readonly total: number;
  /** ISO 8601. */
  readonly at: string;
}

/** `GET stocks`: what `stocks/stream?symbols=MSFT,CONT` takes, at most ten at once. */
export interface StockSymbol {
  readonly symbol: string;
  readonly name: string;
}

/** An event of `stocks/stream?symbols=…`. */
export interface StockPrice {
  readonly symbol: string;
  readonly price: number;
  /** Since the first price, in percent. */
  readonly change: number;
  /** Where the price is from. A simulated one must be labelled so wherever it is shown. */
  readonly source: 'simulated' | 'feed';
  /** ISO 8601. */
  readonly at: string;
}

/** An event of `tasks/stream/:taskId`: the import of a CSV file. The last one's status is not `running`, and the stream completes. */
export interface TaskProgress {
  readonly taskId: string;
  readonly status: 'running' | 'completed' | 'failed' | 'cancelled';
  /** 0 to 100. */
  readonly percentage: number;
  /** For a person. */
  readonly message: string;
  readonly rows: number;
  readonly rowsPerSecond: number;
  /** `null` while nobody can tell. */
  readonly secondsLeft: number | null;
  /** Whether the file is here: all of it, a part whose rest comes now, or one whose rest somebody has to send. */
  readonly upload: 'complete' | 'receiving' | 'waiting';
  /** Where and why it failed; `null` otherwise. */
  readonly failure: TaskFailure | null;
}

/** Why an import failed: what a page needs to say it in its own language. */
export type TaskFailureCause =
  | {
      readonly code:
        | 'binary'
        | 'empty'
        | 'not-utf-8'
        | 'quote-in-value'
        | 'quote-not-closed'
        | 'single-column'
        | 'text-after-quote'
        | 'upload-broken';
    }
  | { readonly code: 'inconsistent-columns'; readonly found: number; readonly expected: number }
  | { readonly code: 'record-too-large' | 'too-many-columns'; readonly most: number }
  | { readonly code: 'repeated-column'; readonly name: string }
  | { readonly code: 'unnamed-column'; readonly column: number }
  | { readonly code: 'upload-silent'; readonly seconds: number }
  /** What the machine or the parser said, in English. */
  | { readonly code: 'broken-off' | 'not-stored' | 'unreadable'; readonly detail: string };

export type TaskFailure = TaskFailureCause & {
  /** From 1; 0 where it is about no line. */
  readonly line: number;
  /** The cause in English. */
  readonly reason: string;
};

/**
 * `POST tasks` as JSON: registers an import, whose file then goes to `tasks/:taskId/content`. Two steps, as a browser gives a page no
 * answer before it has sent the whole body: the page follows the task by its ID while the file is on its way. What has no browser may
 * `POST tasks?name=…` the file itself.
 */
export interface NewTask {
  /** The file's, to show. */
  readonly name: string;
  /** The file's, to tell the percentage and the time left, and to know the end of an upload that resumes. */
  readonly sizeBytes?: number;
  /** The file's, in ms since 1970, to know it again by. */
  readonly lastModified?: number;
}

/** What `POST tasks` answers. */
export interface TaskStarted {
  readonly taskId: string;
}

/** `GET tasks`: the person's own, the latest first. */
export interface TaskInfo extends TaskProgress {
  readonly name: string;
  /** {@link NewTask.sizeBytes}; `null` where nobody said. */
  readonly sizeBytes: number | null;
  /** {@link NewTask.lastModified}; `null` where nobody said. */
  readonly lastModified: number | null;
  /** ISO 8601. */
  readonly startedAt: string;
}

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

/**
 * The events of `documents/stream/:documentId`, in this order: one `snapshot`, then `update` and `cursor` as they come. Binary is base64
 * of Yjs's update format.
 */
export type DocumentEvent =
  | { readonly kind: 'snapshot'; readonly update: string; readonly people: readonly DocumentCursor[] }
  | { readonly kind: 'update'; readonly update: string; readonly from: string }
  | { readonly kind: 'cursor'; readonly cursor: DocumentCursor };

/** `POST documents/:documentId/cursor` */
export interface NewDocumentCursor {
  readonly clientId: string;
  readonly range: DocumentCursor['range'];
}

/** Where somebody is in a document, as Yjs relative positions (JSON text); `null`: they have left. */
export interface DocumentCursor {
  /** One a page: a person may have several. */
  readonly clientId: string;
  readonly person: Person;
  readonly range: { readonly anchor: string; readonly head: string } | null;
}

/** `POST documents/:documentId/updates` */
export interface NewDocumentUpdate {
  readonly clientId: string;
  readonly update: string;
}

/** `POST documents`, answered by the {@link DocumentInfo}. */
export interface NewDocument {
  readonly title: string;
  /** {@link Person.id}s of those who may read and write it too. */
  readonly sharedWith: readonly string[];
}

/** `GET documents`: those that the person may open. */
export interface DocumentInfo {
  readonly id: string;
  readonly title: string;
  readonly owner: Person;
  /** {@link Person.id}s, beside the owner. */
  readonly sharedWith: readonly string[];
}

/** An event of `games/stream/:gameId`: the whole state, after every move. The game is noughts and crosses. */
export interface GameState {
  readonly gameId: string;
  /** Nine cells, row by row. */
  readonly board: readonly ('X' | 'O' | null)[];
  readonly players: { readonly X: Person | null; readonly O: Person | null };
  readonly turn: 'X' | 'O';
  readonly status: 'waiting-for-players' | 'playing' | 'won' | 'drawn';
  readonly winner: 'X' | 'O' | null;
  readonly spectators: number;
  readonly moves: number;
}

/** `POST games/:gameId/moves`. `POST games/:gameId/players` takes a free seat, `POST games/:gameId/rematch` begins anew. */
export interface NewMove {
  /** 0 to 8. */
  readonly cell: number;
}

/** An event of `iot/stream/:deviceId`, as the device said it over MQTT. */
export interface DeviceReading {
  readonly deviceId: string;
  readonly temperature: number;
  readonly humidity: number;
  /** Whether the device is a simulated one; it speaks real MQTT all the same. */
  readonly source: 'simulated' | 'broker';
  /** ISO 8601. */
  readonly at: string;
}

/** An event of `iot/stream/:deviceId` whose type is `broker`: first on each fresh connection, and whenever it changes. */
export interface BrokerStatus {
  readonly status: 'connected' | 'disconnected';
}

/** `GET iot`: the devices that were heard of, and whether the broker can be reached. */
export interface DeviceList {
  readonly devices: readonly string[];
  readonly broker: 'connected' | 'disconnected';
}

/** An event of `health/stream`, every two seconds. */
export interface ServerHealth {
  readonly status: 'ok' | 'busy';
  /** The 99th percentile of the last interval. */
  readonly eventLoopDelayMs: number;
  readonly heapUsedBytes: number;
  readonly heapLimitBytes: number;
  readonly sessions: number;
  /** How long the last append to the event log took. */
  readonly logDelayMs: number;
  readonly store: 'memory' | 'sqlite';
  readonly uptimeSeconds: number;
  /** ISO 8601. */
  readonly at: string;
}

/** An event of `transports/stream`: how the token of this very connection came. */
export interface TransportSight {
  readonly transport: 'header' | 'query' | 'ticket';
  /** What logs, proxies and histories keep of the request. A token is told by its length; a ticket, which is void by now, as it was. */
  readonly url: string;
  /** ISO 8601. */
  readonly at: string;
}

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
  readonly title: string;
  readonly message: string;
  /** ISO 8601. */
  readonly at: string;
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

/** `POST chat/completions`: answered by a stream of strings that completes. */
export interface ChatPrompt {
  readonly prompt: string;
  /** Chosen by the client; the API keeps what was said under it. */
  readonly conversationId?: string;
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

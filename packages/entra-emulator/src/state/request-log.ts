/** Entries that are kept. Past this bound the oldest goes. */
const maxEntries = 500;

/** What one request was about. It never holds a token, a code, a secret, or any other text that the request chose. */
export interface LogEntry {
  /** 1 for the first request since the start or the last reset. */
  readonly number: number;
  /** ISO 8601. */
  readonly at: string;
  readonly endpoint: 'authorize' | 'login' | 'token' | 'logout' | 'metadata' | 'keys';
  /** The tenant's guidPattern, `common` or `organizations`. */
  readonly tenant: string;
  /** Only a registered client's. */
  readonly clientId?: string;
  readonly grantType?: 'authorization_code' | 'refresh_token' | 'client_credentials' | 'other';
  readonly prompt?: 'none' | 'login' | 'select_account' | 'consent' | 'other';
  /** Only a user of the directory. */
  readonly username?: string;
  /**
   * `page:account-picker`, `page:step-up`, `page:consent`, `page:signed-out`, `page:error`, `code`, `tokens`, `redirect`,
   * `document`, `fault`, or `error:<OAuth error>`.
   */
  readonly outcome: string;
  /** The AADSTS number of a refusal. */
  readonly code?: number;
}

/** An entry in the making: an endpoint fills it in as it learns. */
export type LogDraft = { -readonly [K in keyof Omit<LogEntry, 'number' | 'at'>]: LogEntry[K] };

export interface RequestLog {
  add(draft: LogDraft, now: number): void;
  entries(): readonly LogEntry[];
  reset(): void;
}

export function createRequestLog(): RequestLog {
  let entries: LogEntry[] = [];
  let number = 0;
  return {
    add(draft, now) {
      entries.push({ number: ++number, at: new Date(now).toISOString(), ...draft });
      // Cut in halves rather than shifted one by one, which would move the whole array at every request.
      if (entries.length > 2 * maxEntries) entries = entries.slice(-maxEntries);
    },
    entries: () => entries.slice(-maxEntries),
    reset() {
      entries = [];
      number = 0;
    },
  };
}

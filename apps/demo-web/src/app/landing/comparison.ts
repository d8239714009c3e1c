/** What a client does by itself. `partly`: see the note. */
type Answer = 'yes' | 'no' | 'partly';

interface Row {
  readonly what: string;
  /** In the order of {@link compared}. */
  readonly answers: readonly Answer[];
}

export const compared: readonly string[] = ['EventSource', 'fetch-event-source', 'SignalR (SSE)', 'Sillage'];

/** Read from sources and run, in November 2026: fetch-event-source 2.0.1, SignalR 10, EventSource of Chromium. */
export const comparison: readonly Row[] = [
  {
    what: $localize`:@@compare.header:Sends the token in a header, never in the URL`,
    answers: ['no', 'yes', 'no', 'yes'],
  },
  {
    what: $localize`:@@compare.every:Gets a fresh token for every connection`,
    answers: ['no', 'no', 'yes', 'yes'],
  },
  {
    what: $localize`:@@compare.drop:Loses no event when a connection ends in the middle of one`,
    answers: ['yes', 'no', 'no', 'yes'],
  },
  {
    what: $localize`:@@compare.401:Answers 401 with a new token, once, and continues`,
    answers: ['no', 'no', 'no', 'yes'],
  },
  {
    what: $localize`:@@compare.claims:Answers a claims challenge (second factor, CAE)`,
    answers: ['no', 'no', 'no', 'yes'],
  },
  {
    what: $localize`:@@compare.rotation:Replaces the token before it expires, without a pause`,
    answers: ['no', 'no', 'no', 'yes'],
  },
  {
    what: $localize`:@@compare.retry-after:Waits as long as Retry-After asks for`,
    answers: ['no', 'no', 'no', 'yes'],
  },
];

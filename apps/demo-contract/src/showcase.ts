/** An event of `pulse/stream` and `showcase/stream`, twenty a second: its number says whether one is missing, or there twice. */
export interface Pulse {
  /** Numbers begin at 1 in each run. A new run begins when the API was killed and cannot know its last number. */
  readonly run: string;
  readonly seq: number;
  /** When the API published it. ISO 8601. */
  readonly at: string;
}

/** `GET showcase/pulse`: how many events the API has published in this run, so that a page can compare what it received. */
export interface PulseReport {
  readonly run: string;
  readonly published: number;
}

/** What `POST showcase/faults` does to the streams of the viewers, and `POST chaos/faults` to those of the signed-in user. */
export type StreamFault =
  /** Ends the connections in the middle of their next event. */
  | { readonly kind: 'cut' }
  /** Cuts, and answers the next `count` requests for each stream with 503. */
  | { readonly kind: 'refuse'; readonly count: number };

export interface NewShowcaseFault {
  readonly viewers: readonly string[];
  readonly fault: StreamFault;
}

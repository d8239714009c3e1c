/** A position in a log: after the event of this sequence, in this history (PROTOCOL 1.2, 1.3). Sequence 0 is before the first event. */
export interface EventPlace {
  readonly epoch: string;
  readonly sequence: number;
}

const epochPattern = /^[0-9a-z]{1,32}$/;
const eventIdPattern = /^([0-9a-z]{1,32})-(0|[1-9][0-9]{0,15})$/;

/** Whether the text can name a log's history: 1 to 32 characters of `[0-9a-z]` (PROTOCOL 4.2). */
export function isEpoch(text: string): boolean {
  return epochPattern.test(text);
}

/** Writes `<epoch>-<sequence>` (PROTOCOL 4.2). */
export function formatEventId(place: EventPlace): string {
  return `${place.epoch}-${place.sequence}`;
}

/** Reads an ID that a client sent. Returns `undefined` if it is not one of ours, and never throws. */
export function parseEventId(text: string): EventPlace | undefined {
  const match = eventIdPattern.exec(text);
  const [, epoch, digits] = match ?? [];
  if (epoch === undefined || digits === undefined) return undefined;
  const sequence = Number(digits);
  return Number.isSafeInteger(sequence) ? { epoch, sequence } : undefined;
}

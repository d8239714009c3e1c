import { InvalidOptionError, StreamFailedError } from '../errors.ts';
import type { Gap, GapReason } from '../event.ts';
import type { CompleteOn, RawEvent, StreamSettings } from '../options/index.ts';

/** What an event means to the stream. */
export type Meaning =
  | { readonly kind: 'event' }
  /** The stream completes, after delivering the event if `deliver` is `'event'`. */
  | { readonly kind: 'complete'; readonly deliver: 'event' | 'nothing' }
  | { readonly kind: 'failure'; readonly error: StreamFailedError | InvalidOptionError }
  | { readonly kind: 'gap'; readonly gap: Gap }
  | { readonly kind: 'rotate'; readonly withinMs: number };

const ordinary: Meaning = { kind: 'event' };

/**
 * Returns what an event means: PROTOCOL 4.5's types, if they have the shape that PROTOCOL.md gives them, and `completeOn`. Anything else of
 * these types is an event of another protocol.
 */
export function meaningOf<T>(
  event: RawEvent,
  { completeOn, reservedEvents }: Pick<StreamSettings<T>, 'completeOn' | 'reservedEvents'>,
): Meaning {
  const { type, data } = event;
  for (const rule of completeOn) {
    const deliver = matches(rule, event);
    if (deliver instanceof InvalidOptionError) return { kind: 'failure', error: deliver };
    if (deliver !== undefined) return { kind: 'complete', deliver };
  }
  if (!reservedEvents.has(type)) return ordinary;
  if (type === 'complete') return data === '' ? { kind: 'complete', deliver: 'nothing' } : ordinary;
  const { reason, after, code, message, withinMs } = readObject(data);
  if (type === 'failure' && typeof code === 'string' && typeof message === 'string') {
    return { kind: 'failure', error: new StreamFailedError(code, message) };
  }
  if (type === 'gap' && gapReasons.has(reason) && typeof after === 'string') {
    return { kind: 'gap', gap: { reason: reason as GapReason, after } };
  }
  if (type === 'rotate' && typeof withinMs === 'number' && withinMs >= 0) return { kind: 'rotate', withinMs };
  return ordinary;
}

const gapReasons: ReadonlySet<unknown> = new Set<GapReason>(['trimmed', 'epoch', 'unknown']);

function matches(rule: CompleteOn, event: RawEvent): 'event' | 'nothing' | InvalidOptionError | undefined {
  if (typeof rule === 'function') {
    try {
      const answer: unknown = rule(event);
      if (answer === 'continue') return undefined;
      if (answer === 'complete') return 'nothing';
      if (answer === 'deliver-and-complete') return 'event';
      return new InvalidOptionError(
        `A completeOn function returned ${String(answer)}. Return "continue", "complete" or "deliver-and-complete".`,
      );
    } catch (cause) {
      return new InvalidOptionError('A completeOn function threw: see the cause.', { cause });
    }
  }
  const { type = event.type, data = event.data, deliver = 'nothing' } = rule;
  return type === event.type && data === event.data ? deliver : undefined;
}

function readObject(data: string): Partial<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(data);
    return typeof value === 'object' && value !== null ? value : {};
  } catch {
    // Not JSON, so not an event of PROTOCOL.md.
    return {};
  }
}

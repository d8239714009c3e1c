import type { SseError } from '../errors.ts';
import { createEventStream } from '../stream/index.ts';
import type { Gap, SseEvent } from '../event.ts';
import type { EventStreamOptions, StreamUrl } from '../options/index.ts';
import { settle, type ScriptedWorld } from './scripted-world.fixture.ts';

/** Where the streams of these tests are. */
export const url = 'https://api.contoso.example/events';

/** Opens a stream in a scripted world and writes down everything that it tells. */
export async function listen<T = unknown>(
  world: ScriptedWorld,
  options: EventStreamOptions<T> = {},
  target: StreamUrl = url,
) {
  // The tests of streams write short data: text that is not JSON stays text.
  const stream = createEventStream<T>(target, {
    fetch: world.fetch,
    runtime: world.runtime,
    decode: 'auto',
    ...options,
  });
  const seen = {
    events: [] as SseEvent<T>[],
    data: [] as T[],
    states: [] as string[],
    gaps: [] as Gap[],
    errors: [] as SseError[],
    completions: 0,
  };
  const stop = stream.subscribe({
    next: (event) => {
      seen.events.push(event);
      seen.data.push(event.data);
    },
    state: (state) => void seen.states.push(state.status),
    gap: (gap) => void seen.gaps.push(gap),
    error: (error) => void seen.errors.push(error),
    complete: () => void (seen.completions += 1),
  });
  await settle();
  return { stream, seen, stop };
}

/** A header of the n-th request. */
export const header = (world: ScriptedWorld, index: number, name: string): string | null =>
  world.requests[index]?.init.headers.get(name) ?? null;

/** A response that opens no stream. */
export const status = (code: number, headers: Record<string, string> = {}, body: string | null = null): Response =>
  new Response(body, { status: code, headers });

import { isPlatformBrowser } from '@angular/common';
import {
  assertInInjectionContext,
  computed,
  DestroyRef,
  effect,
  inject,
  Injector,
  linkedSignal,
  PLATFORM_ID,
  signal,
  untracked,
  type ResourceSnapshot,
  type ResourceStatus,
} from '@angular/core';
import { ResourceStream, type StreamSlot } from './resource-stream';
import type { SseResourceOptions, SseResourceRef, SseResourceRequest } from './resource-options';
import { SseClient } from './sse-client';

/** What the request function returns: a URL, a request, or `undefined` for no stream. */
export type SseResourceRequestFn = () => string | SseResourceRequest | undefined;

/** A request, and how often it was begun. */
interface Source {
  readonly request: SseResourceRequest | undefined;
  readonly reloads: number;
}

/**
 * A stream of server-sent events as a resource: its value is the data of the last event, or what `reducer` makes of all of them. It reconnects and
 * resumes by itself. When the signals that the request function reads change, the stream moves; `undefined` closes it. On the server side of
 * SSR it is idle.
 *
 * When the user signs out, the value becomes `initialValue` and the status `idle`: nothing of that user stays on screen. While user interaction
 * is required, `connection()` says so. Any other end with an error makes the status `error`, and `value()` throws it, as with `httpResource()`.
 *
 * Needs an injection context, or `injector`.
 *
 * @usageNotes
 * ```ts
 * readonly orderId = input<string>();
 * readonly order = sseResource<Order>(() => (this.orderId() === undefined ? undefined : `orders/${this.orderId()}/events`));
 * readonly lines = sseResource<string, string[]>(() => 'logs/stream', { reducer: 'append', maxItems: 200, coalesce: 'frame' });
 * ```
 */
export function sseResource<T = unknown>(
  request: SseResourceRequestFn,
  options: SseResourceOptions<T, T[]> & { readonly reducer: 'append' },
): SseResourceRef<T[]>;
export function sseResource<T = unknown, V = T>(
  request: SseResourceRequestFn,
  options: SseResourceOptions<T, V> & { readonly initialValue: V },
): SseResourceRef<V>;
export function sseResource<T = unknown, V = T>(
  request: SseResourceRequestFn,
  options?: SseResourceOptions<T, V | undefined>,
): SseResourceRef<V | undefined>;
export function sseResource<T, V>(
  requestOf: SseResourceRequestFn,
  options: SseResourceOptions<T, V> = {},
): SseResourceRef<V> {
  if (options.injector === undefined) assertInInjectionContext(sseResource);
  const injector = options.injector ?? inject(Injector);
  const isBrowser = isPlatformBrowser(injector.get(PLATFORM_ID));
  const { refetch = 'reset', debugName, equal = Object.is } = options;
  const named = (name: string): { debugName?: string } =>
    debugName === undefined ? {} : { debugName: `${debugName}.${name}` };
  const initialValue = (options.initialValue ?? (options.reducer === 'append' ? [] : undefined)) as V;

  const reloads = signal(0, named('reloads'));
  const request = computed(() => (isBrowser ? normalise(requestOf()) : undefined), {
    ...named('request'),
    equal: isSame,
  });
  const source = computed<Source>(() => ({ request: request(), reloads: reloads() }), named('source'));
  const state = linkedSignal<Source, StreamSlot<V>>({
    source,
    computation(next, previous) {
      const before = previous?.source.request === next.request ? previous?.value : undefined;
      const empty: StreamSlot<V> = {
        value: initialValue,
        status: next.request === undefined ? 'idle' : 'loading',
        error: undefined,
        connection: { status: 'idle' },
        lastEventId: '',
        gap: undefined,
      };
      if (before === undefined || next.request === undefined || refetch === 'reset') return empty;
      const keeps = { ...empty, value: before.value, status: 'reloading' as const };
      return refetch === 'append' ? { ...keeps, lastEventId: before.lastEventId, gap: before.gap } : keeps;
    },
    ...named('state'),
  });

  const client = injector.get(SseClient);
  let stream: ResourceStream<T, V> | undefined;
  const follow = effect(
    () => {
      const present = source();
      untracked(() => {
        stream?.close();
        stream = undefined;
        if (present.request === undefined) return;
        const { value, lastEventId } = state();
        stream = new ResourceStream<T, V>({
          client,
          request: present.request,
          options,
          start: refetch === 'append' ? { value, lastEventId } : { value: initialValue, lastEventId: '' },
          initialValue,
          // The request may have changed, and its effect may not have run yet.
          update: (change) => untracked(() => source() === present && state.update((slot) => ({ ...slot, ...change }))),
        });
      });
    },
    { injector, ...named('effect') },
  );
  let isDestroyed = false;
  const destroy = (): void => {
    if (isDestroyed) return;
    isDestroyed = true;
    follow.destroy();
    stream?.close();
    state.update((slot) => ({
      ...slot,
      value: initialValue,
      status: 'idle',
      connection: { status: 'idle' },
      error: undefined,
    }));
    forget();
  };
  const forget = injector.get(DestroyRef).onDestroy(destroy);

  const value = computed(
    () => {
      const slot = state();
      if (slot.error !== undefined) throw slot.error;
      return slot.value;
    },
    { equal, ...named('value') },
  );
  const status = computed<ResourceStatus>(() => state().status, named('status'));
  const error = computed(() => state().error, named('error'));
  const snapshot = computed<ResourceSnapshot<V>>(() => {
    const slot = state();
    if (slot.error !== undefined) return { status: 'error', error: slot.error };
    return { status: slot.status, value: slot.value } as ResourceSnapshot<V>;
  }, named('snapshot'));

  return {
    value,
    status,
    error,
    snapshot,
    isLoading: computed(() => status() === 'loading' || status() === 'reloading', named('isLoading')),
    connection: computed(() => state().connection, named('connection')),
    lastEventId: computed(() => state().lastEventId, named('lastEventId')),
    gap: computed(() => state().gap, named('gap')),
    hasValue: ((): boolean =>
      state().error === undefined && state().value !== undefined) as SseResourceRef<V>['hasValue'],
    reload() {
      if (isDestroyed || untracked(request) === undefined) return false;
      reloads.update((count) => count + 1);
      return true;
    },
    destroy,
  };
}

function normalise(request: string | SseResourceRequest | undefined): SseResourceRequest | undefined {
  return typeof request === 'string' ? { url: request } : request;
}

/** Requests of the same URL without other members are the same: a function that returns a new object each time would otherwise move the stream. */
function isSame(one: SseResourceRequest | undefined, other: SseResourceRequest | undefined): boolean {
  if (one === undefined || other === undefined) return one === other;
  const names = new Set([...Object.keys(one), ...Object.keys(other)]) as Set<keyof SseResourceRequest>;
  for (const name of names) {
    const [left, right] = [one[name], other[name]];
    if (!Object.is(left, right) && !(isPlain(left) && isPlain(right) && JSON.stringify(left) === JSON.stringify(right)))
      return false;
  }
  return true;
}

function isPlain(value: unknown): boolean {
  return (
    typeof value === 'object' &&
    value !== null &&
    [Object.prototype, Array.prototype].includes(Object.getPrototypeOf(value) as object)
  );
}

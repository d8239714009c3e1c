import type { Injector, Resource, Signal, ValueEqualityFn } from '@angular/core';
import type { Gap, SseEvent, StandardSchema, StreamState } from '@sillage/client';
import type { SseOptions } from './sse-request';

/** What a stream of `sseResource()` is requested with: the options of `SseClient.stream()` that do not concern the resource itself. */
export interface SseResourceRequest extends Omit<
  SseOptions,
  'decode' | 'onAuthentication' | 'onState' | 'onEventId' | 'onGap' | 'reconnectOn' | 'lastEventId'
> {
  /** Relative to `withBaseUrl()`, or absolute, at an allowed origin. */
  readonly url: string;
  /** How the text of an event becomes its data, where `parse` is not given. @default 'json' */
  readonly decode?: 'json' | 'text' | 'auto';
}

/** A state of the server, and the position of the stream from which events change it. */
export interface SseResourceSnapshot<V> {
  readonly value: V;
  /** The event ID that the server read **before** it read the state: an event may come twice, but none is missed. */
  readonly lastEventId: string;
}

/** The options of `sseResource()`. `T`: the data of an event. `V`: the value of the resource. */
export interface SseResourceOptions<T, V> {
  /**
   * What an event does to the value: `'replace'`: its data becomes the value. `'append'`: its data is added to a list, of which the last
   * `maxItems` stay. A function folds: it returns the next value, and must not change the present one.
   *
   * @default 'replace'
   */
  readonly reducer?: 'replace' | 'append' | ((value: V, event: SseEvent<T>) => V);
  /** The value before the first event, and when the resource is idle. @default undefined, or an empty list for `'append'` */
  readonly initialValue?: V;
  /** How many items `'append'` keeps. @default 1000 */
  readonly maxItems?: number;
  /**
   * What `reload()` does to the value. `'append'`: it stays, and the stream resumes after its last event. `'reset'`: back to `initialValue` at once.
   * `'replace'`: it stays until the first event of the new stream, which begins from `initialValue`. Another request always resets.
   *
   * @default 'reset'
   */
  readonly refetch?: 'append' | 'reset' | 'replace';
  /** Checks and converts the data of each event: a Standard Schema (zod, valibot, arktype), or a function that throws. A failure ends in `error`. */
  readonly parse?: StandardSchema<T> | ((data: unknown) => T);
  /**
   * Loads the state that events change, before the stream begins, and again when events were lost. Aborts with `signal`.
   *
   * @param request what the request function returned.
   */
  readonly snapshot?: (request: SseResourceRequest, signal: AbortSignal) => Promise<SseResourceSnapshot<V>>;
  /** `'frame'`: the value changes at most once for each frame that the browser draws, however many events arrive. @default 'event' */
  readonly coalesce?: 'event' | 'frame';
  /** @default Object.is */
  readonly equal?: ValueEqualityFn<V>;
  /** Names the signals in Angular DevTools. */
  readonly debugName?: string;
  /** @default that of the injection context */
  readonly injector?: Injector;
}

/** A stream as a resource. */
export interface SseResourceRef<V> extends Resource<V> {
  /** The state of the stream; `idle` when there is none. */
  readonly connection: Signal<StreamState>;
  /** The ID of the last event; `''` if there was none. */
  readonly lastEventId: Signal<string>;
  /** The last gap: events of this request that the server no longer had. `undefined` if there was none. */
  readonly gap: Signal<Gap | undefined>;
  hasValue(this: V extends undefined ? this : never): this is SseResourceRef<Exclude<V, undefined>>;
  hasValue(): boolean;
  /** Opens the stream again; see `refetch`. Returns whether there is a request. */
  reload(): boolean;
  /** Closes the stream. The resource is idle from then on. */
  destroy(): void;
}

import type { ResourceStatus } from '@angular/core';
import { isSseError, type Gap, type SseEvent, type StandardSchema, type StreamState } from '@sillage/client';
import type { Subscription } from 'rxjs';
import { scheduleFrame } from './frame-scheduler';
import type { SseResourceOptions, SseResourceRequest } from './resource-options';
import type { SseClient } from './sse-client';

/** Everything that the signals of a resource show. */
export interface StreamSlot<V> {
  readonly value: V;
  readonly status: ResourceStatus;
  readonly error: Error | undefined;
  readonly connection: StreamState;
  readonly lastEventId: string;
  readonly gap: Gap | undefined;
}

export interface ResourceStreamHost<T, V> {
  readonly client: SseClient;
  readonly request: SseResourceRequest;
  readonly options: SseResourceOptions<T, V>;
  /** What the stream begins with. */
  readonly start: { readonly value: V; readonly lastEventId: string };
  readonly initialValue: V;
  readonly update: (change: Partial<StreamSlot<V>>) => void;
}

/** How often a snapshot is loaded again in a row: a server whose log is shorter than a load takes would otherwise be asked for ever. */
const maxSnapshots = 5;

/** One request of a resource, from its snapshot to its end. */
export class ResourceStream<T, V> {
  readonly #host: ResourceStreamHost<T, V>;
  readonly #abort = new AbortController();
  readonly #reduce: (value: V, event: SseEvent<T>) => V;
  #value: V;
  #subscription: Subscription | undefined;
  /** Notices the sign-out of the user, also after the stream has ended. */
  #signOut: Subscription | undefined;
  #snapshots = 0;
  #pending: Partial<StreamSlot<V>> | undefined;
  #cancelFrame: (() => void) | undefined;

  constructor(host: ResourceStreamHost<T, V>) {
    this.#host = host;
    this.#value = host.start.value;
    this.#reduce = reducerOf(host.options);
    if (host.options.snapshot === undefined || host.start.lastEventId !== '') this.#open(host.start.lastEventId);
    else void this.#load();
  }

  close(): void {
    this.#abort.abort();
    this.#subscription?.unsubscribe();
    this.#signOut?.unsubscribe();
    this.#cancelFrame?.();
    this.#pending = undefined;
  }

  async #load(): Promise<void> {
    const { options, request } = this.#host;
    const { signal } = this.#abort;
    this.#snapshots += 1;
    try {
      const loaded = await options.snapshot?.(request, signal);
      if (signal.aborted || loaded === undefined) return;
      this.#value = loaded.value;
      this.#host.update({ value: loaded.value, status: 'resolved', lastEventId: loaded.lastEventId });
      this.#open(loaded.lastEventId);
    } catch (error) {
      if (!signal.aborted) this.#fail(error);
    }
  }

  #open(lastEventId: string): void {
    const { client, request, options } = this.#host;
    const { url, ...rest } = request;
    const { parse } = options;
    const stream = client.stream<T>(url, {
      ...(rest as object),
      ...(parse === undefined ? {} : { decode: toSchema(parse) }),
      ...(lastEventId === '' ? {} : { lastEventId }),
      onAuthentication: (authentication) => {
        this.#signOut?.unsubscribe();
        this.#signOut = authentication?.ended.subscribe(() => this.#signedOut());
      },
      onState: (state) => this.#moved(state),
      onEventId: (id) => this.#update({ lastEventId: id }),
      onGap: (gap) => this.#lost(gap),
    });
    this.#subscription = stream.subscribe({
      next: (event) => this.#take(event),
      error: (error: unknown) => this.#fail(error),
    });
  }

  #take(event: SseEvent<T>): void {
    this.#snapshots = 0;
    try {
      this.#value = this.#reduce(this.#value, event);
    } catch (error) {
      this.#subscription?.unsubscribe();
      this.#fail(error);
      return;
    }
    this.#update({ value: this.#value, status: 'resolved' });
  }

  #moved(connection: StreamState): void {
    // A value that was given is there before the first event.
    const { options, initialValue } = this.#host;
    const isThere = connection.status === 'open' && initialValue !== undefined && options.snapshot === undefined;
    this.#update(isThere ? { connection, status: 'resolved' } : { connection });
    this.#flush();
  }

  #lost(gap: Gap): void {
    this.#update({ gap });
    this.#flush();
    if (this.#host.options.snapshot === undefined || this.#snapshots >= maxSnapshots) return;
    this.#subscription?.unsubscribe();
    this.#host.update({ status: 'reloading' });
    void this.#load();
  }

  #fail(error: unknown): void {
    this.#flush();
    if (isSseError(error) && error.code === 'signed-out') {
      this.#signedOut();
      return;
    }
    this.#host.update({ error: error instanceof Error ? error : new Error(String(error)), status: 'error' });
  }

  /** Nothing of a user stays after they have signed out. */
  #signedOut(): void {
    const { initialValue, update } = this.#host;
    this.#flush();
    this.#value = initialValue;
    update({ value: initialValue, status: 'idle', error: undefined, lastEventId: '', gap: undefined });
  }

  #update(change: Partial<StreamSlot<V>>): void {
    if (this.#host.options.coalesce !== 'frame') {
      this.#host.update(change);
      return;
    }
    this.#pending = { ...this.#pending, ...change };
    this.#cancelFrame ??= scheduleFrame(() => this.#flush());
  }

  #flush(): void {
    this.#cancelFrame?.();
    this.#cancelFrame = undefined;
    const change = this.#pending;
    this.#pending = undefined;
    if (change !== undefined) this.#host.update(change);
  }
}

function reducerOf<T, V>({ reducer = 'replace', maxItems = 1_000 }: SseResourceOptions<T, V>) {
  if (typeof reducer === 'function') return reducer;
  if (reducer === 'replace') return (_: V, { data }: SseEvent<T>): V => data as unknown as V;
  return (list: V, { data }: SseEvent<T>): V => [...(list as unknown as T[]), data].slice(-maxItems) as unknown as V;
}

function toSchema<T>(parse: StandardSchema<T> | ((data: unknown) => T)): StandardSchema<T> {
  if ('~standard' in parse) return parse;
  return { '~standard': { version: 1, vendor: 'sillage', validate: (data) => ({ value: parse(data) }) } };
}

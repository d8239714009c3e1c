import { Component, inject, Injector, PLATFORM_ID, signal, type Signal } from '@angular/core';
import { TestBed } from '@angular/core/testing';
import { SignedOutError, type SseEvent } from '@sillage/client';
import { Subject } from 'rxjs';
import { describe, expect, expectTypeOf, it } from 'vitest';
import { provideSse, withAuthentication, withBaseUrl, withRuntime } from './provide-sse';
import type { SseResourceOptions, SseResourceRef } from './resource-options';
import { sseResource, type SseResourceRequestFn } from './sse-resource';
import { manualTimers, settle, streamingFetch } from './streaming-fetch.fixture';

function setUp(platform = 'browser') {
  const server = streamingFetch();
  const timers = manualTimers();
  const signedOut = new Subject<SignedOutError>();
  TestBed.configureTestingModule({
    providers: [
      { provide: PLATFORM_ID, useValue: platform },
      provideSse(
        withBaseUrl('https://api.contoso.example'),
        withAuthentication(() => ({ accessToken: () => 'token', ended: signedOut })),
        withRuntime({ fetch: server.fetch, setTimer: timers.setTimer, monotonicNow: timers.monotonicNow }),
      ),
    ],
  });
  const injector = TestBed.inject(Injector);
  return { ...server, timers, signedOut, injector };
}

async function open<T, V>(
  world: ReturnType<typeof setUp>,
  request: SseResourceRequestFn,
  options: SseResourceOptions<T, V> = {},
): Promise<SseResourceRef<V | undefined>> {
  const resource = sseResource<T, V>(request, { ...options, injector: world.injector } as SseResourceOptions<
    T,
    V | undefined
  >);
  await run();
  return resource;
}

async function run(): Promise<void> {
  TestBed.tick();
  await settle();
}

describe('sseResource', () => {
  it('has the data of the last event, and says where the stream is', async () => {
    const world = setUp();
    const resource = await open<{ price: number }, { price: number }>(world, () => 'prices');
    expect([resource.status(), resource.value(), resource.hasValue(), resource.isLoading()]).toEqual([
      'loading',
      undefined,
      false,
      true,
    ]);
    expect(world.exchanges[0]?.url).toBe('https://api.contoso.example/prices');
    await world.exchanges[0]?.write('id: e-1\ndata: {"price":1}\n\n');
    expect([resource.status(), resource.value(), resource.isLoading()]).toEqual(['resolved', { price: 1 }, false]);
    await world.exchanges[0]?.write('id: e-2\ndata: {"price":2}\n\n');
    expect([resource.value(), resource.lastEventId(), resource.connection().status]).toEqual([
      { price: 2 },
      'e-2',
      'open',
    ]);
    expect(resource.snapshot()).toEqual({ status: 'resolved', value: { price: 2 } });
  });

  it('appends to a list of limited length, or folds', async () => {
    const world = setUp();
    const list = await open<number, number[]>(world, () => 'a', { reducer: 'append', maxItems: 2 });
    const sum = await open<number, number>(world, () => 'b', {
      initialValue: 10,
      reducer: (total: number, { data }: SseEvent<number>) => total + data,
    });
    expect([list.value(), sum.value()]).toEqual([[], 10]);
    for (const exchange of world.exchanges) await exchange.write('data: 1\n\ndata: 2\n\ndata: 3\n\n');
    expect([list.value(), sum.value()]).toEqual([[2, 3], 16]);
  });

  it('is resolved with its initial value once the connection is open, before the first event', async () => {
    const world = setUp();
    const resource = await open<number, number[]>(world, () => 'a', { reducer: 'append' });
    expect(resource.status()).toBe('loading');
    await world.exchanges[0]?.write(':\n');
    expect([resource.status(), resource.value()]).toEqual(['resolved', []]);
  });

  it('moves with its signals, shows nothing of the request before, and closes for undefined', async () => {
    const world = setUp();
    const id = signal<number | undefined>(1);
    const resource = await open<string, string>(world, () => (id() === undefined ? undefined : `orders/${id()}`));
    await world.exchanges[0]?.write('data: "one"\n\n');
    id.set(2);
    // At once: a template that is checked before the effect must not show the order of before.
    expect([resource.value(), resource.status()]).toEqual([undefined, 'loading']);
    await run();
    expect(world.exchanges.map(({ url, init }) => [url.split('/').at(-1), init.signal.aborted])).toEqual([
      ['1', true],
      ['2', false],
    ]);
    id.set(undefined);
    await run();
    expect([resource.status(), resource.value(), world.exchanges[1]?.init.signal.aborted]).toEqual([
      'idle',
      undefined,
      true,
    ]);
    id.set(2);
    await run();
    expect(world.exchanges).toHaveLength(3);
  });

  it('does not take an event of the stream before for the one that follows it', async () => {
    const world = setUp();
    const id = signal(1);
    const resource = await open<string, string>(world, () => `orders/${id()}`);
    await world.exchanges[0]?.write('data: "one"\n\n');
    id.set(2);
    await world.exchanges[0]?.write('data: "late"\n\n');
    expect(resource.value()).toBeUndefined();
  });

  it('does not move for a new object that says the same', async () => {
    const world = setUp();
    const other = signal(1);
    await open(world, () => {
      other();
      return { url: 'a', headers: { 'X-Kind': 'x' } };
    });
    other.set(2);
    await run();
    expect(world.exchanges).toHaveLength(1);
  });

  it('has an error after the stream failed, and none after a reload', async () => {
    const world = setUp();
    const resource = await open<number, number>(world, () => 'a');
    await world.exchanges[0]?.refuse(404);
    expect([resource.status(), resource.error()?.message, resource.hasValue()]).toEqual([
      'error',
      expect.stringContaining('404'),
      false,
    ]);
    expect(() => resource.value()).toThrow(/404/);
    expect(resource.snapshot()).toMatchObject({ status: 'error' });
    expect(resource.reload()).toBe(true);
    await run();
    await world.exchanges[1]?.write('data: 1\n\n');
    expect([resource.status(), resource.value()]).toEqual(['resolved', 1]);
  });

  it.each([
    ['reset', [], [3], null],
    ['append', [1, 2], [1, 2, 3], 'e-2'],
    ['replace', [1, 2], [3], null],
  ] as const)('keeps what `refetch: %s` says when it is loaded again', async (refetch, meanwhile, then, position) => {
    const world = setUp();
    const resource = await open<number, number[]>(world, () => 'a', { reducer: 'append', refetch });
    await world.exchanges[0]?.write('id: e-1\ndata: 1\n\nid: e-2\ndata: 2\n\n');
    resource.reload();
    await run();
    expect(resource.value()).toEqual(meanwhile);
    expect(world.exchanges[1]?.init.headers.get('Last-Event-ID')).toBe(position);
    await world.exchanges[1]?.write('id: e-3\ndata: 3\n\n');
    expect(resource.value()).toEqual(then);
  });

  it('shows nothing of a user who signed out, and reading it never throws', async () => {
    const world = setUp();
    const resource = await open<string, string>(world, () => 'a', { coalesce: 'frame' });
    await world.exchanges[0]?.write('id: e-1\ndata: "secret of alice"\n\n');
    world.signedOut.next(new SignedOutError());
    await run();
    expect([resource.value(), resource.status(), resource.error(), resource.lastEventId()]).toEqual([
      undefined,
      'idle',
      undefined,
      '',
    ]);
    expect(resource.connection()).toMatchObject({ status: 'closed', reason: 'failed' });
    expect(JSON.stringify(resource.snapshot())).not.toContain('secret');
  });

  it.each([
    ['completed', 'event: complete\ndata:\n\n'],
    ['failed', 'event: failure\ndata: {"code":"broken","message":"It broke."}\n\n'],
  ])('shows nothing of a user who signs out after the stream has %s', async (_, end) => {
    const world = setUp();
    const resource = await open<string, string>(world, () => 'a');
    await world.exchanges[0]?.write(`id: e-1\ndata: "secret of alice"\n\n${end}`);
    world.signedOut.next(new SignedOutError());
    await run();
    expect([resource.value(), resource.status(), resource.error()]).toEqual([undefined, 'idle', undefined]);
    resource.destroy();
    expect(world.signedOut.observed).toBe(false);
  });

  it('parses each event by a function or a schema, and fails where that throws', async () => {
    const world = setUp();
    const parsed = await open<number, number>(world, () => 'a', { parse: (data) => Number((data as { n: string }).n) });
    await world.exchanges[0]?.write('data: {"n":"7"}\n\n');
    expect(parsed.value()).toBe(7);
    const refused = await open<number, number>(world, () => 'b', {
      parse: () => {
        throw new Error('not a price');
      },
    });
    await world.exchanges[1]?.write('data: 1\n\n');
    expect(refused.error()).toMatchObject({ code: 'invalid-data' });
  });

  it('fails where the reducer throws, and closes the stream', async () => {
    const world = setUp();
    const resource = await open<number, number>(world, () => 'a', {
      reducer: () => {
        throw new RangeError('folded too far');
      },
    });
    await world.exchanges[0]?.write('data: 1\n\n');
    expect([resource.error()?.message, world.exchanges[0]?.init.signal.aborted]).toEqual(['folded too far', true]);
  });

  it('tells a gap', async () => {
    const world = setUp();
    const resource = await open<number, number>(world, () => 'a');
    expect(resource.gap()).toBeUndefined();
    await world.exchanges[0]?.write('id: e-5\nevent: gap\ndata: {"reason":"trimmed","after":"e-1"}\n\n');
    expect(resource.gap()).toMatchObject({ reason: 'trimmed' });
  });

  it('begins with a snapshot, continues after its position, and loads it again after a gap', async () => {
    const world = setUp();
    const loads: string[] = [];
    const resource = await open<number, number[]>(world, () => 'a', {
      reducer: 'append',
      snapshot: ({ url }) => {
        loads.push(url);
        const count = loads.length;
        return Promise.resolve({ value: [count * 100], lastEventId: `e-${count}` });
      },
    });
    expect([resource.value(), resource.status()]).toEqual([[100], 'resolved']);
    expect(world.exchanges[0]?.init.headers.get('Last-Event-ID')).toBe('e-1');
    await world.exchanges[0]?.write('id: e-9\ndata: 1\n\n');
    expect(resource.value()).toEqual([100, 1]);
    await world.exchanges[0]?.write('id: e-20\nevent: gap\ndata: {"reason":"trimmed","after":"e-9"}\n\n');
    expect([resource.value(), world.exchanges[0]?.init.signal.aborted]).toEqual([[200], true]);
    expect(world.exchanges[1]?.init.headers.get('Last-Event-ID')).toBe('e-2');
    expect(loads).toEqual(['a', 'a']);
  });

  it('does not load a snapshot for ever where each of them is too old', async () => {
    const world = setUp();
    let loads = 0;
    await open<number, number>(world, () => 'a', {
      snapshot: () => Promise.resolve({ value: 0, lastEventId: `e-${(loads += 1)}` }),
    });
    for (let round = 0; round < 20; round += 1) {
      await world.exchanges.at(-1)?.write('id: e-99\nevent: gap\ndata: {"reason":"trimmed","after":"e-1"}\n\n');
    }
    expect(loads).toBe(5);
  });

  it('changes once for each frame with `coalesce: frame`, and misses nothing', async () => {
    const world = setUp();
    const resource = await open<number, number[]>(world, () => 'a', { reducer: 'append', coalesce: 'frame' });
    await world.exchanges[0]?.write(':\n');
    let changes = 0;
    let before = resource.value();
    for (let data = 1; data <= 50; data += 1) {
      await world.exchanges[0]?.write(`data: ${data}\n\n`);
      if (resource.value() !== before) changes += 1;
      before = resource.value();
    }
    await new Promise((resolve) => requestAnimationFrame(resolve));
    await settle();
    await expect.poll(() => resource.value()?.length).toBe(50);
    expect(changes).toBeLessThan(50);
  });

  it('does nothing on the server side of SSR, and keeps no application from being stable', async () => {
    const world = setUp('server');
    const resource = await open<number, number[]>(world, () => 'a', { reducer: 'append' });
    expect([resource.status(), resource.value(), world.exchanges.length]).toEqual(['idle', [], 0]);
    expect(resource.reload()).toBe(false);
  });

  it('closes its stream with its component, and is idle after destroy()', async () => {
    const world = setUp();
    @Component({ template: '{{ prices.value() }}' })
    class Prices {
      readonly prices = sseResource<number>(() => 'prices');
    }
    const fixture = TestBed.createComponent(Prices);
    fixture.detectChanges();
    await run();
    await world.exchanges[0]?.write('data: 7\n\n');
    fixture.detectChanges();
    expect((fixture.nativeElement as HTMLElement).textContent).toBe('7');
    fixture.destroy();
    await settle();
    expect(world.exchanges[0]?.init.signal.aborted).toBe(true);
    const resource = await open<number, number>(world, () => 'a');
    await world.exchanges[1]?.write('data: 1\n\n');
    resource.destroy();
    await run();
    expect([resource.status(), resource.value(), world.exchanges[1]?.init.signal.aborted, resource.reload()]).toEqual([
      'idle',
      undefined,
      true,
      false,
    ]);
  });

  it('has types that follow its options', () => {
    setUp();
    TestBed.runInInjectionContext(() => {
      inject(Injector);
      expectTypeOf(sseResource<number>(() => 'a').value).toEqualTypeOf<Signal<number | undefined>>();
      expectTypeOf(sseResource<number>(() => 'a', { reducer: 'append' }).value).toEqualTypeOf<Signal<number[]>>();
      expectTypeOf(sseResource<number>(() => 'a', { initialValue: 0 }).value).toEqualTypeOf<Signal<number>>();
    });
  });

  it('needs an injection context or an injector', () => {
    expect(() => sseResource(() => 'a')).toThrow(/injection context/);
  });
});

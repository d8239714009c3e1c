import { Component, Injectable } from '@angular/core';
import { TestBed } from '@angular/core/testing';
import { provideSse, SseClient, sseResource, withBaseUrl, type SseOptions } from '@sillage/angular';
import { BaseMsalApiService, MsalInteraction, withMsal } from '@sillage/angular/msal';
import { FakeMsal, provideFakeMsal } from '@sillage/angular/msal/testing';
import { provideHttpClient } from '@angular/common/http';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { provideSseTesting } from './provide-sse-testing';
import { SseTestingController } from './sse-testing-controller';

interface Order {
  readonly id: number;
}

@Component({ template: '@for (order of orders.value(); track order.id) {<li>{{ order.id }}</li>}' })
class Orders {
  readonly orders = sseResource<Order>(() => 'orders/events', { reducer: 'append' });
}

@Injectable({ providedIn: 'root' })
class OrderApi extends BaseMsalApiService {
  readonly orders = () => this.connectSSE<Order>('orders/events');
}

let server: SseTestingController;
beforeEach(() => {
  TestBed.configureTestingModule({
    providers: [
      provideHttpClient(),
      provideSse(withBaseUrl('https://api.contoso.example'), withMsal({ scopes: ['Orders.Read'] })),
      provideSseTesting(),
      provideFakeMsal({ accounts: ['alice@contoso.example', 'bob@contoso.example'] }),
    ],
  });
  server = TestBed.inject(SseTestingController);
});

function listen(options?: SseOptions) {
  const seen = { data: [] as unknown[], ends: [] as string[], states: [] as string[], gaps: [] as string[] };
  const subscription = TestBed.inject(SseClient)
    .stream('orders/events', {
      onState: ({ status }) => seen.states.push(status),
      onGap: ({ reason }) => seen.gaps.push(reason),
      ...options,
    })
    .subscribe({
      next: ({ data }) => seen.data.push(data),
      error: ({ code }: { code: string }) => seen.ends.push(code),
      complete: () => seen.ends.push('complete'),
    });
  return { seen, subscription };
}

describe('SseTestingController', () => {
  it('plays the server of a component', async () => {
    const fixture = TestBed.createComponent(Orders);
    fixture.detectChanges();
    const stream = await server.expectOne('/orders/events');
    expect([stream.url, stream.method, stream.headers.get('Authorization')]).toEqual([
      'https://api.contoso.example/orders/events',
      'GET',
      'Bearer alice.contoso.example-1',
    ]);
    await stream.emit({ id: 1 });
    await stream.emit({ id: 2 });
    fixture.detectChanges();
    expect((fixture.nativeElement as HTMLElement).textContent).toBe('12');
    fixture.destroy();
    server.verify();
  });

  it('sends types, IDs and texts of several lines', async () => {
    const { seen, subscription } = listen({ decode: 'auto' });
    const stream = await server.expectOne(/events$/);
    await stream.emitText('two\nlines', { id: 'x-7' });
    await stream.emit({ id: 1 }, { type: 'shipped' });
    expect(seen.data).toEqual(['two\nlines', { id: 1 }]);
    await stream.drop();
    await stream.reconnect();
    expect([stream.lastEventId, stream.attempts]).toEqual(['test-2', 2]);
    subscription.unsubscribe();
  });

  it('completes, and tells gaps', async () => {
    const { seen } = listen();
    const stream = await server.expectOne('orders/events');
    await stream.gap('epoch');
    await stream.complete();
    expect([seen.gaps, seen.ends, stream.state]).toEqual([['epoch'], ['complete'], 'closed']);
    server.verify();
  });

  it('refuses a request, or the next one of an open stream', async () => {
    const [first, second] = [listen(), listen()];
    const [one, two] = await server.match('orders/events');
    await one?.error({ status: 404, body: { title: 'Unknown stream' } });
    await two?.emit(1);
    await two?.error();
    expect([first.seen.ends, second.seen.ends, second.seen.data]).toEqual([['http-error'], ['http-error'], [1]]);
    server.verify();
  });

  it('breaks a connection: the client waits, and resumes with fake timers or at once', async () => {
    vi.useFakeTimers();
    try {
      const { seen, subscription } = listen();
      const stream = await server.expectOne('orders/events');
      await stream.emit(1);
      await stream.drop();
      expect([seen.states.at(-1), stream.state]).toEqual(['waiting', 'ended']);
      await vi.advanceTimersByTimeAsync(5_000);
      expect([seen.states.at(-1), stream.lastEventId]).toEqual(['open', 'test-1']);
      subscription.unsubscribe();
    } finally {
      vi.useRealTimers();
    }
    server.verify();
  });

  it('lets a token expire: the client asks for another, and resumes', async () => {
    const { seen, subscription } = listen();
    const stream = await server.expectOne('orders/events');
    await stream.emit(1);
    await stream.expireToken();
    await stream.emit(2);
    expect([seen.data, stream.headers.get('Authorization')]).toEqual([[1, 2], 'Bearer alice.contoso.example-2']);
    subscription.unsubscribe();
  });

  it('demands interaction, which a sign-in satisfies', async () => {
    const { seen, subscription } = listen();
    const stream = await server.expectOne('orders/events');
    await stream.emit(1);
    await stream.requireInteraction();
    const interaction = TestBed.inject(MsalInteraction);
    expect([seen.states.at(-1), interaction.pending()[0]?.reason]).toEqual(['interaction-required', 'second-factor']);
    await interaction.signIn();
    await stream.emit(2);
    expect(seen.data).toEqual([1, 2]);
    subscription.unsubscribe();
  });

  it('shows that nothing of a user stays after the sign-out', async () => {
    const fixture = TestBed.createComponent(Orders);
    fixture.detectChanges();
    await (await server.expectOne('orders/events')).emit({ id: 7 });
    TestBed.inject(FakeMsal).signOut();
    fixture.detectChanges();
    expect((fixture.nativeElement as HTMLElement).textContent).toBe('');
    fixture.destroy();
    server.verify();
  });

  it('serves the streams of a BaseMsalApiService', async () => {
    const data: unknown[] = [];
    const subscription = TestBed.inject(OrderApi)
      .orders()
      .subscribe((order) => data.push(order));
    await (await server.expectOne('orders/events')).emit({ id: 1 });
    expect(data).toEqual([{ id: 1 }]);
    subscription.unsubscribe();
  });

  it('names a stream that was left open, and one that was not expected', async () => {
    const { subscription } = listen();
    await server.expectNone('other');
    await expect(server.expectOne('other')).rejects.toThrow(/found 0.*orders\/events/);
    expect(() => server.verify()).toThrow(/did not expect: https:\/\/api.contoso.example\/orders\/events/);
    const stream = await server.expectOne('orders/events');
    expect(() => server.verify()).toThrow(/still open: https:\/\/api.contoso.example\/orders\/events \(1 request\)/);
    subscription.unsubscribe();
    server.verify();
    await expect(stream.emit(1)).rejects.toThrow(/was closed/);
  });

  it('does not guess among several streams', async () => {
    const both = [listen(), listen()];
    await expect(server.expectOne('orders/events')).rejects.toThrow(/found 2/);
    expect(await server.match('orders/events')).toHaveLength(2);
    for (const { subscription } of both) subscription.unsubscribe();
  });
});

describe('without isolation', () => {
  afterEach(() => TestBed.resetTestingModule());

  it.each([1, 2])('one test leaves nothing to the next (%i)', async () => {
    expect(await server.match(() => true)).toEqual([]);
    listen();
    await server.expectOne('orders/events');
  });
});

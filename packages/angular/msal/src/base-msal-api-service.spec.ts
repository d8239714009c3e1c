import { provideHttpClient } from '@angular/common/http';
import { HttpTestingController, provideHttpClientTesting } from '@angular/common/http/testing';
import { Injectable } from '@angular/core';
import { TestBed } from '@angular/core/testing';
import { BrowserAuthError, EventType, InteractionType, ServerError } from '@azure/msal-browser';
import { provideSse, SseStreams, withBaseUrl, withRuntime } from '@sillage/angular';
import { Subject, type Observable } from 'rxjs';
import { beforeEach, describe, expect, it } from 'vitest';
import { manualTimers, settle, streamingFetch } from '../../src/streaming-fetch.fixture';
import { BaseMsalApiService } from './base-msal-api-service';
import { alice, bob, FakeMsal, interactionRequired } from './fake-msal.fixture';
import { MsalInteraction } from './msal-interaction';
import type { MsalApiConfig } from './msal-api-config';
import { withMsal } from './with-msal';

@Injectable({ providedIn: 'root' })
class SampleApi extends BaseMsalApiService {
  stream(config?: MsalApiConfig): Observable<unknown> {
    return this.connectSSE('stream', config);
  }
  streamWith(token?: string): Observable<unknown> {
    return this.connectSSEWithHeaders('stream', token);
  }
  ask(prompt: string): Observable<string> {
    return this.postSSE<string>('ask', { prompt });
  }
  order(id: string): Observable<{ id: string }> {
    return this.get<{ id: string }>(`orders/${id}`, { full: true });
  }
  replace(id: string): Observable<void> {
    return this.put(`orders/${id}`, { id });
  }
  elsewhere(): Observable<unknown> {
    return this.delete('https://elsewhere.example/orders');
  }
}

const claims = '{"access_token":{"acrs":{"essential":true,"value":"c1"}}}';
const challenge = { 'WWW-Authenticate': `Bearer error="insufficient_claims", claims="${btoa(claims)}"` };

function setUp() {
  const server = streamingFetch();
  const timers = manualTimers();
  const msal = new FakeMsal();
  TestBed.configureTestingModule({
    providers: [
      msal.provider,
      provideHttpClient(),
      provideHttpClientTesting(),
      provideSse(
        withBaseUrl('https://api.contoso.example/'),
        withMsal({ scopes: ['default'] }),
        withRuntime({ fetch: server.fetch, setTimer: timers.setTimer, monotonicNow: timers.monotonicNow }),
      ),
    ],
  });
  return {
    ...server,
    timers,
    msal,
    api: TestBed.inject(SampleApi),
    http: TestBed.inject(HttpTestingController),
    interaction: TestBed.inject(MsalInteraction),
    streams: TestBed.inject(SseStreams),
  };
}

/** MsalInteraction's own listener, which lives as long as the application. */
const ofTheApplication = 1;

let world: ReturnType<typeof setUp>;
beforeEach(() => {
  world = setUp();
});

async function listen(stream: Observable<unknown>) {
  const seen = { values: [] as unknown[], errors: [] as { code?: string; message: string }[] };
  const subscription = stream.subscribe({
    next: (value) => seen.values.push(value),
    error: (error: { code?: string; message: string }) => seen.errors.push(error),
  });
  await settle();
  return { seen, subscription };
}

const authorization = (index: number): string | null | undefined =>
  world.exchanges[index]?.init.headers.get('Authorization');

describe('streams as an MSAL account', () => {
  it('ask MSAL silently for the default scopes, or for those of the call, as the active account', async () => {
    await listen(world.api.stream());
    await listen(world.api.stream({ scopes: ['special'] }));
    expect(world.msal.silent).toMatchObject([
      { scopes: ['default'], account: alice },
      { scopes: ['special'], account: alice },
    ]);
    expect(authorization(0)).toBe('Bearer alice.contoso.example-1');
  });

  it('fail with "Failed to acquire token" where nobody is signed in, and request nothing', async () => {
    Object.assign(world.msal, { active: null, accounts: [] });
    const { seen } = await listen(world.api.stream());
    expect(seen.errors[0]?.message).toBe('Failed to acquire token: nobody is signed in.');
    expect(world.exchanges).toHaveLength(0);
  });

  it('fail where several are signed in and none is active, for guessing would leak one to another', async () => {
    Object.assign(world.msal, { active: null, accounts: [alice, bob] });
    expect((await listen(world.api.stream())).seen.errors[0]?.message).toContain('setActiveAccount');
  });

  it('force a new token after a 401', async () => {
    await listen(world.api.stream());
    await world.exchanges[0]?.refuse(401, { 'WWW-Authenticate': 'Bearer error="invalid_token"' });
    expect(world.msal.silent.map(({ forceRefresh }) => forceRefresh)).toEqual([false, true]);
    expect(authorization(1)).toBe('Bearer alice.contoso.example-2');
  });

  it('wait for a click after a claims challenge, open nothing, and resume where they were', async () => {
    const { seen } = await listen(world.api.stream());
    await world.exchanges[0]?.write('id: e-7\ndata: 1\n\n');
    await world.exchanges[0]?.end();
    await world.timers.fire();
    world.msal.failure = interactionRequired();
    await world.exchanges[1]?.refuse(401, challenge);

    expect(world.msal.silent.at(-1)).toMatchObject({ claims });
    expect(world.streams.all()[0]?.state().status).toBe('interaction-required');
    expect(world.interaction.required()).toBe(true);
    expect(world.msal.interactive).toEqual([]);

    await world.interaction.signIn();
    await settle();
    expect(world.msal.interactive).toMatchObject([{ claims, account: alice }]);
    expect(world.interaction.required()).toBe(false);
    expect(world.exchanges[2]?.init.headers.get('Last-Event-ID')).toBe('e-7');
    await world.exchanges[2]?.write('id: e-8\ndata: 2\n\n');
    expect(seen).toEqual({ values: [1, 2], errors: [] });
  });

  it('are all resumed by one sign-in', async () => {
    world.msal.failure = interactionRequired();
    await listen(world.api.stream());
    await listen(world.api.stream());
    expect(world.exchanges).toHaveLength(0);
    await world.interaction.signIn();
    await settle();
    expect(world.msal.interactive).toHaveLength(1);
    expect(world.exchanges).toHaveLength(2);
  });

  it('tell where to go on from, before the first event too, and cut a wait short when told to', async () => {
    const told: unknown[] = [];
    const again = new Subject<void>();
    world.api.stream({ onEventId: (id) => told.push(id), reconnectOn: again }).subscribe((data) => told.push(data));
    await settle();
    await world.exchanges[0]?.write('id: e-0\n\nid: e-1\ndata: 1\n\n');
    await world.exchanges[0]?.end();
    expect(told).toEqual(['e-0', 1, 'e-1']);
    expect(world.exchanges).toHaveLength(1);
    again.next();
    await settle();
    expect(world.exchanges).toHaveLength(2);
  });

  it('ask nothing of the next person that was asked of one who signed out', async () => {
    world.msal.failure = interactionRequired();
    await listen(world.api.stream());
    expect(world.interaction.required()).toBe(true);
    world.msal.emit(EventType.LOGOUT_START, InteractionType.Popup, { account: alice });
    expect(world.interaction.required()).toBe(false);
  });

  it('keep waiting when it is somebody else who signs in', async () => {
    world.msal.failure = interactionRequired();
    await listen(world.api.stream());
    world.msal.failure = null;
    world.msal.emit(EventType.LOGIN_SUCCESS, InteractionType.Popup, { account: bob });
    await settle();
    expect(world.exchanges).toHaveLength(0);
  });

  it.each<[string, Error]>([
    ['the network is away', new BrowserAuthError('no_network_connectivity', 'correlation')],
    [
      'Entra is busy',
      new ServerError('90033', 'correlation', 'AADSTS90033: a transient error', undefined, undefined, 503),
    ],
  ])('wait and ask again where %s, and fail where waiting would not help', async (_, failure) => {
    world.msal.failure = failure;
    const { seen, subscription } = await listen(world.api.stream());
    expect(world.streams.all()[0]?.state().status).toBe('waiting');
    await world.timers.fire();
    expect(world.msal.silent).toHaveLength(2);
    expect(seen.errors).toEqual([]);
    subscription.unsubscribe();
    world.msal.failure = new BrowserAuthError('crypto_nonexistent', 'correlation');
    expect((await listen(world.api.stream())).seen.errors).toMatchObject([{ code: 'token-unavailable' }]);
  });

  it.each([
    ['its user signs out', () => world.msal.emit(EventType.LOGOUT_START, InteractionType.Popup, { account: alice })],
    ['everybody signs out', () => world.msal.emit(EventType.LOGOUT_START, InteractionType.Redirect, {})],
    ['another account becomes active', () => world.msal.switchTo(bob)],
  ])('end when %s', async (_, leave) => {
    const states: string[] = [];
    const { seen } = await listen(world.api.stream({ onState: ({ status }) => states.push(status) }));
    leave();
    expect(states.at(-1)).toBe('closed');
    expect(seen.errors).toMatchObject([{ code: 'signed-out' }]);
    expect(world.exchanges[0]?.init.signal.aborted).toBe(true);
    expect(world.msal.listeners).toBe(ofTheApplication);
  });

  it('go on when another account signs out, or the same becomes active again', async () => {
    const { seen } = await listen(world.api.stream());
    world.msal.emit(EventType.LOGOUT_START, InteractionType.Popup, { account: bob });
    world.msal.switchTo({ ...alice });
    expect(seen.errors).toEqual([]);
  });

  it('take a given token for the first attempt, and ask MSAL when it is refused', async () => {
    await listen(world.api.streamWith('given'));
    expect(authorization(0)).toBe('Bearer given');
    expect(world.msal.silent).toHaveLength(0);
    await world.exchanges[0]?.refuse(401);
    expect(authorization(1)).toBe('Bearer alice.contoso.example-1');
  });

  it('post a body, and are not sent again once the answer has begun', async () => {
    const { seen } = await listen(world.api.ask('hi'));
    expect(world.exchanges[0]?.init).toMatchObject({ method: 'POST', body: '{"prompt":"hi"}' });
    await world.exchanges[0]?.write('data: "Hel"\n\n');
    await world.exchanges[0]?.breakOff();
    expect(seen).toMatchObject({ values: ['Hel'], errors: [{ code: 'connection-closed' }] });
  });

  it('hold no listener of MSAL once they are unsubscribed', async () => {
    world.msal.failure = interactionRequired();
    const { subscription } = await listen(world.api.stream());
    expect(world.msal.listeners).toBe(ofTheApplication + 1);
    subscription.unsubscribe();
    await settle();
    expect(world.msal.listeners).toBe(ofTheApplication);
  });
});

describe('requests as an MSAL account', () => {
  it('carry the token, the body and the parameters', async () => {
    const { seen } = await listen(world.api.order('7'));
    const request = world.http.expectOne('https://api.contoso.example/orders/7?full=true');
    expect(request.request.headers.get('Authorization')).toBe('Bearer alice.contoso.example-1');
    request.flush({ id: '7' });
    expect(seen.values).toEqual([{ id: '7' }]);
    await listen(world.api.replace('7'));
    expect(world.http.expectOne({ method: 'PUT', url: 'https://api.contoso.example/orders/7' }).request.body).toEqual({
      id: '7',
    });
  });

  it('are sent once more after a 401, with the claims demanded, and not a third time', async () => {
    const { seen } = await listen(world.api.order('7'));
    world.http.expectOne(() => true).flush(null, { status: 401, statusText: 'Unauthorized', headers: challenge });
    await settle();
    expect(world.msal.silent.at(-1)).toMatchObject({ claims });
    world.http.expectOne(() => true).flush(null, { status: 401, statusText: 'Unauthorized', headers: challenge });
    await settle();
    world.http.expectNone(() => true);
    expect(seen.errors).toMatchObject([{ status: 401 }]);
  });

  it('never take a token to an origin that nobody allowed', async () => {
    const { seen } = await listen(world.api.elsewhere());
    world.http.expectNone(() => true);
    expect(seen.errors).toMatchObject([{ code: 'invalid-option' }]);
  });
});

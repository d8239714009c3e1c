import { provideHttpClient } from '@angular/common/http';
import { Injectable } from '@angular/core';
import { TestBed } from '@angular/core/testing';
import { BrowserAuthError, EventType, InteractionType } from '@azure/msal-browser';
import { provideSse, withBaseUrl, withRuntime } from '@sillage/angular';
import type { Observable } from 'rxjs';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { manualTimers, settle, streamingFetch } from '../../src/streaming-fetch.fixture';
import { BaseMsalApiService } from './base-msal-api-service';
import { alice, bob, FakeMsal, interactionRequired } from './fake-msal.fixture';
import type { MsalApiConfig } from './msal-api-config';
import { MsalInteraction } from './msal-interaction';
import { SignInRequired } from './sign-in-required';
import { withMsal } from './with-msal';

@Injectable({ providedIn: 'root' })
class SampleApi extends BaseMsalApiService {
  stream(config?: MsalApiConfig): Observable<unknown> {
    return this.connectSSE('stream', config);
  }
}

function setUp() {
  const server = streamingFetch();
  const timers = manualTimers();
  const msal = new FakeMsal();
  TestBed.configureTestingModule({
    providers: [
      msal.provider,
      provideHttpClient(),
      provideSse(
        withBaseUrl('https://api.contoso.example/'),
        withMsal({ scopes: ['default'] }),
        withRuntime({ fetch: server.fetch, setTimer: timers.setTimer, monotonicNow: timers.monotonicNow }),
      ),
    ],
  });
  const [api, interaction] = [TestBed.inject(SampleApi), TestBed.inject(MsalInteraction)];
  return { ...server, timers, msal, api, interaction };
}

let world: ReturnType<typeof setUp>;
beforeEach(() => {
  world = setUp();
});

async function open(config?: MsalApiConfig) {
  const errors: { code?: string }[] = [];
  const subscription = world.api.stream(config).subscribe({ error: (error: { code?: string }) => errors.push(error) });
  await settle();
  return { errors, subscription };
}

const waiting = () => world.interaction.pending().map(({ account, scopes }) => `${account.username} ${scopes.join()}`);

describe('what requires interaction', () => {
  it('has one entry for each account, scopes and claims, however many streams wait', async () => {
    world.msal.failure = interactionRequired();
    world.msal.accounts = [alice, bob];
    await open();
    await open();
    await open({ scopes: ['mail'] });
    await open({ account: bob });
    expect(waiting()).toEqual([
      'alice@contoso.example default',
      'alice@contoso.example mail',
      'bob@contoso.example default',
    ]);
  });

  it('no longer lists what no stream waits for', async () => {
    world.msal.failure = interactionRequired();
    const [first, second] = [await open(), await open()];
    first.subscription.unsubscribe();
    await settle();
    expect(world.interaction.required()).toBe(true);
    second.subscription.unsubscribe();
    await settle();
    expect(world.interaction.required()).toBe(false);
  });

  it.each([
    ['', '', 'sign-in'],
    ['{"access_token":{}}', '', 'second-factor'],
    ['', 'AADSTS50076: multi-factor authentication', 'second-factor'],
    ['', 'AADSTS65001: consent', 'consent'],
    ['', 'AADSTS700082: the refresh token has expired', 'expired-session'],
  ])('says why: claims %j and the message %j are %s', async (claims, message, reason) => {
    world.msal.failure = interactionRequired(claims, message);
    await open();
    expect(world.interaction.pending()[0]?.reason).toBe(reason);
  });

  it('opens one window for two calls', async () => {
    world.msal.failure = interactionRequired();
    await open();
    await Promise.all([world.interaction.signIn(), world.interaction.signIn()]);
    expect(world.msal.interactive).toHaveLength(1);
    expect(world.interaction.isSigningIn()).toBe(false);
  });

  it('is asked for again after the window was closed', async () => {
    world.msal.failure = interactionRequired();
    await open();
    world.msal.popup = 'closes';
    await expect(world.interaction.signIn()).rejects.toMatchObject({ errorCode: 'user_cancelled' });
    expect(waiting()).toEqual(['alice@contoso.example default']);
    world.msal.popup = alice;
    await world.interaction.signIn();
    await settle();
    expect([waiting(), world.exchanges.length]).toEqual([[], 1]);
  });

  it('keeps waiting where the user chose another account, and says which one is required', async () => {
    world.msal.failure = interactionRequired();
    await open();
    world.msal.popup = bob;
    await expect(world.interaction.signIn()).rejects.toThrow(/alice@contoso\.example is required/);
    await settle();
    expect([waiting(), world.exchanges.length]).toEqual([['alice@contoso.example default'], 0]);
  });

  it('is satisfied by a sign-in in another tab, for that account alone', async () => {
    world.msal.failure = interactionRequired();
    world.msal.accounts = [alice, bob];
    await open();
    await open({ account: bob });
    world.msal.failure = null;
    world.msal.emit(EventType.LOGIN_SUCCESS, InteractionType.Popup, { ...alice });
    await settle();
    expect([waiting(), world.exchanges.length]).toEqual([['bob@contoso.example default'], 1]);
  });

  it('lists again what a sign-in did not satisfy', async () => {
    world.msal.failure = interactionRequired();
    await open();
    world.msal.emit(EventType.LOGIN_SUCCESS, InteractionType.Popup, { ...alice });
    await settle();
    await world.timers.fire();
    expect(waiting()).toEqual(['alice@contoso.example default']);
  });

  it('forgets the account that signs out, and no other', async () => {
    world.msal.failure = interactionRequired();
    world.msal.accounts = [alice, bob];
    await open();
    await open({ account: bob });
    world.msal.emit(EventType.LOGOUT_SUCCESS, InteractionType.Popup, { account: alice });
    expect(waiting()).toEqual(['bob@contoso.example default']);
  });

  it('includes a hidden frame that times out again and again', async () => {
    world.msal.failure = new BrowserAuthError('timed_out', 'correlation');
    await open();
    for (let round = 0; round < 5 && !world.interaction.required(); round += 1) await world.timers.fire();
    expect([world.interaction.required(), world.msal.silent.length]).toEqual([true, 3]);
  });
});

describe('an account whose cache was cleared', () => {
  it('ends its streams as signed out, although MSAL raises no event', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    try {
      const { errors } = await open();
      world.msal.accounts = [];
      vi.advanceTimersByTime(2_000);
      expect(errors).toMatchObject([{ code: 'signed-out' }]);
      expect(vi.getTimerCount()).toBe(0);
    } finally {
      vi.useRealTimers();
    }
  });

  it('is not asked to sign in by a stream that needs a token', async () => {
    const { errors } = await open();
    Object.assign(world.msal, { accounts: [], failure: interactionRequired() });
    await world.exchanges[0]?.refuse(401, { 'WWW-Authenticate': 'Bearer error="invalid_token"' });
    expect(errors).toMatchObject([{ code: 'signed-out' }]);
    expect(world.interaction.required()).toBe(false);
  });
});

describe('<sillage-sign-in-required>', () => {
  const render = async () => {
    const fixture = TestBed.createComponent(SignInRequired);
    await fixture.whenStable();
    const element = fixture.nativeElement as HTMLElement;
    const update = async () => {
      await settle();
      await fixture.whenStable();
    };
    return { fixture, element, update, buttons: () => [...element.querySelectorAll('button')] };
  };

  it('is empty until interaction is required, and then has a button for each account', async () => {
    const { element, update, buttons } = await render();
    expect(element.textContent.trim()).toBe('');
    world.msal.failure = interactionRequired('', 'AADSTS50076');
    world.msal.accounts = [alice, bob];
    await open();
    await open({ scopes: ['mail'] });
    await open({ account: bob });
    await update();
    expect(buttons()).toHaveLength(2);
    expect(element.querySelector('[role=status]')?.textContent).toContain('another verification');
    expect(element.textContent).toContain('alice@contoso.example');
  });

  it('says that a sign-in failed, and can be used again', async () => {
    const { fixture, element, update, buttons } = await render();
    fixture.componentRef.setInput('texts', { action: 'Continuer' });
    world.msal.failure = interactionRequired();
    await open();
    await update();
    world.msal.popup = 'closes';
    buttons()[0]?.click();
    await update();
    expect([element.querySelector('[role=alert]')?.textContent, buttons()[0]?.textContent.trim()]).toEqual([
      expect.stringContaining('not completed'),
      'Continuer',
    ]);
    world.msal.popup = alice;
    buttons()[0]?.click();
    await update();
    expect(element.textContent.trim()).toBe('');
  });
});

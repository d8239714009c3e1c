import { TestBed, type ComponentFixture } from '@angular/core/testing';
import {
  AccessTokenError,
  ConnectionError,
  InteractionRequiredError,
  ResponseError,
  SignedOutError,
} from '@sillage/client';
import { failedState, shownState, type ShownState } from './shown-state';
import { StreamStateLine } from './stream-state-line';

describe('the state of a stream', () => {
  beforeEach(() => {
    vi.useFakeTimers({ now: 1_000_000, toFake: ['Date', 'setInterval', 'clearInterval'] });
  });
  afterEach(() => {
    TestBed.resetTestingModule();
    vi.useRealTimers();
  });

  const show = (state: ShownState): { fixture: ComponentFixture<StreamStateLine>; host: HTMLElement } => {
    const fixture = TestBed.createComponent(StreamStateLine);
    fixture.componentRef.setInput('state', state);
    fixture.detectChanges();
    return { fixture, host: fixture.nativeElement as HTMLElement };
  };
  const wordsOf = (host: HTMLElement): string => host.querySelector('.words')?.textContent ?? '';
  const buttonOf = (host: HTMLElement): HTMLButtonElement | null => host.querySelector('button');

  const signInNeeded = new InteractionRequiredError('x', { settled: () => Promise.resolve() });
  it.each([
    ['Connecting…', 'connecting', shownState({ status: 'idle' })],
    ['Connecting…', 'connecting', shownState({ status: 'connecting', attempt: 3 })],
    ['Live', 'open', shownState({ status: 'open', since: 1 })],
    ['Offline', 'offline', shownState({ status: 'offline' })],
    ['Sign-in needed', 'interaction-required', shownState({ status: 'interaction-required', error: signInNeeded })],
    ['Ended', 'closed', shownState({ status: 'closed', reason: 'completed' })],
    ['Signed out', 'closed', failedState(new SignedOutError())],
    ['Failed: The API cannot be reached.', 'closed', failedState(new ConnectionError('network-error', 'x'))],
    [
      'Failed: No token could be had for the API. Sign out, then sign in again.',
      'closed',
      failedState(new AccessTokenError('no.')),
    ],
  ])('says "%s", and %s to styles and tests', (words, attribute, state) => {
    const { host } = show(state);
    expect(host.getAttribute('data-state')).toBe(attribute);
    expect(wordsOf(host)).toBe(words);
  });

  it('says what the API said of a wait', () => {
    const error = new ResponseError(429);
    const { host } = show(shownState({ status: 'waiting', retryAt: 1_005_000, attempt: 1, error }));
    expect(wordsOf(host)).toBe('Reconnecting in 5 s: the API has had too many requests from you or from your network');
  });

  it('counts down each second, and never below zero', () => {
    const { fixture, host } = show({ status: 'waiting', retryAt: 1_002_500, reason: null });
    expect(wordsOf(host)).toBe('Reconnecting in 3 s');

    vi.advanceTimersByTime(1_000);
    fixture.detectChanges();
    expect(wordsOf(host)).toBe('Reconnecting in 2 s');

    vi.advanceTimersByTime(10_000);
    fixture.detectChanges();
    expect(wordsOf(host)).toBe('Reconnecting in 0 s');
  });

  it('announces the word alone, not each second of the countdown', () => {
    const { fixture, host } = show({ status: 'waiting', retryAt: 1_005_000, reason: null });
    const announced = (): string | undefined => host.querySelector('[role="status"]')?.textContent;
    expect(announced()).toBe('Reconnecting');
    vi.advanceTimersByTime(2_000);
    fixture.detectChanges();
    expect(announced()).toBe('Reconnecting');
  });

  it('keeps no timer once the wait is over', () => {
    const { fixture } = show({ status: 'waiting', retryAt: 1_005_000, reason: null });
    expect(vi.getTimerCount()).toBe(1);
    fixture.componentRef.setInput('state', { status: 'open' });
    fixture.detectChanges();
    expect(vi.getTimerCount()).toBe(0);
  });

  it('keeps no timer once it is gone', () => {
    const { fixture } = show({ status: 'waiting', retryAt: 1_005_000, reason: null });
    fixture.destroy();
    expect(vi.getTimerCount()).toBe(0);
  });

  it('lets the person cut a wait short, and only a wait', () => {
    const { fixture, host } = show({ status: 'waiting', retryAt: 1_005_000, reason: null });
    let asked = 0;
    fixture.componentInstance.reconnect.subscribe(() => (asked += 1));
    expect(buttonOf(host)?.textContent.trim()).toBe('Reconnect now');
    buttonOf(host)?.click();
    expect(asked).toBe(1);

    fixture.componentRef.setInput('state', { status: 'open' });
    fixture.detectChanges();
    expect(buttonOf(host)).toBeNull();
  });

  it('says nothing of the attempts between two waits, and keeps the way on where it is', () => {
    const { fixture, host } = show({ status: 'waiting', retryAt: 1_005_000, reason: null });
    const button = buttonOf(host);
    fixture.componentRef.setInput('state', { status: 'connecting' });
    fixture.detectChanges();
    expect(host.querySelector('[role="status"]')?.textContent).toBe('Reconnecting');
    expect(buttonOf(host)).toBe(button);
  });
});

import { TestBed } from '@angular/core/testing';
import { SseStreams } from '@sillage/angular';
import { SignedOutError, type Gap } from '@sillage/client';
import { NEVER, Subject } from 'rxjs';
import type { MsalApiConfig } from '@app/api';
import { StreamView } from './stream-view';

describe("a page's view of a stream", () => {
  const open = (maxItems = 10) => {
    const events = new Subject<string>();
    let config: MsalApiConfig = {};
    const view = TestBed.runInInjectionContext(() => new StreamView<string>({ maxItems }));
    view.open((given) => {
      config = given;
      return events;
    });
    return { view, events, config };
  };
  const dataOf = (view: StreamView<string>): string[] => view.items().map(({ data }) => data);

  it('shows the newest first', () => {
    const { view, events } = open();
    events.next('one');
    events.next('two');
    expect(dataOf(view)).toEqual(['two', 'one']);
  });

  it('keeps to its bound, counts all that came, and gives each a key of its own', () => {
    const { view, events } = open(2);
    for (const text of ['one', 'two', 'three']) events.next(text);
    expect(dataOf(view)).toEqual(['three', 'two']);
    expect(view.received()).toBe(3);
    expect(view.items().map(({ key }) => key)).toEqual([2, 1]);
  });

  it('tells an end by sign-out from a failure', () => {
    const { view, events, config } = open();
    config.onState?.({ status: 'open', since: 1 });
    expect(view.state()).toEqual({ status: 'open' });
    events.error(new SignedOutError());
    expect(view.state()).toEqual({ status: 'closed', end: 'signed-out' });
  });

  it('keeps what came when it is opened anew, and is no longer failed', () => {
    const sources = [new Subject<string>(), new Subject<string>()];
    let opened = 0;
    const view = TestBed.runInInjectionContext(() => new StreamView<string>({ maxItems: 10 }));
    view.open(() => sources[opened++] ?? NEVER);
    sources[0]?.next('one');
    sources[0]?.error(new Error('broken'));
    expect(view.state()).toMatchObject({ status: 'closed', end: 'failed' });
    view.reopen();
    expect(view.state()).toEqual({ status: 'connecting' });
    sources[1]?.next('two');
    expect(dataOf(view)).toEqual(['two', 'one']);
  });

  it('starts afresh with another stream, and leaves the one before', () => {
    const { view, events } = open();
    events.next('one');
    view.open(() => NEVER);
    expect(dataOf(view)).toEqual([]);
    expect(events.observed).toBe(false);
  });

  it('shows the latest gaps until they are dismissed', () => {
    const { view, config } = open();
    const gap: Gap = { reason: 'trimmed', after: 'e-1' };
    config.onGap?.(gap);
    expect(view.gaps()).toEqual([gap]);
    view.dismiss(gap);
    expect(view.gaps()).toEqual([]);
  });

  it('cuts short the wait of its own stream, and of no other', () => {
    const { view, config } = open();
    const waiting = { status: 'waiting', retryAt: 1, attempt: 2, error: null } as const;
    config.onState?.(waiting);
    const cut: string[] = [];
    const streams = TestBed.inject(SseStreams);
    streams.add({ url: 'a', state: () => waiting, gaps: () => [], reconnect: () => cut.push('own') } as never);
    streams.add({
      url: 'b',
      state: () => ({ ...waiting }),
      gaps: () => [],
      reconnect: () => cut.push('other'),
    } as never);
    view.reconnect();
    expect(cut).toEqual(['own']);
  });

  it('closes its stream with the page', () => {
    const { events } = open();
    TestBed.resetTestingModule();
    expect(events.observed).toBe(false);
  });
});

import { TestBed } from '@angular/core/testing';
import { SignedOutError, type Gap } from '@sillage/client';
import { NEVER, of, Subject } from 'rxjs';
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

  it('goes on from where it was when it is opened again or switched, and from the present with another stream', () => {
    const view = TestBed.runInInjectionContext(() => new StreamView<string>({ maxItems: 10 }));
    const places: (string | undefined)[] = [];
    const source = (config: MsalApiConfig) => {
      places.push(config.lastEventId);
      config.onEventId?.(`e-${places.length}`);
      return NEVER;
    };
    view.open(source);
    view.reopen();
    view.switchTo(source);
    view.open(source);
    expect(places).toEqual([undefined, 'e-1', 'e-2', undefined]);
  });

  it('cuts the wait short', () => {
    const { view, config } = open();
    let cut = 0;
    config.reconnectOn?.subscribe(() => (cut += 1));
    view.reconnect();
    expect(cut).toBe(1);
  });

  it('hands on what came', () => {
    const handed: string[] = [];
    const view = TestBed.runInInjectionContext(
      () => new StreamView<string>({ maxItems: 1, onData: (data) => handed.push(data) }),
    );
    view.open(() => of('one', 'two'));
    expect(handed).toEqual(['one', 'two']);
    expect(view.latest()).toBe('two');
  });

  it('closes its stream with the page', () => {
    const { events } = open();
    TestBed.resetTestingModule();
    expect(events.observed).toBe(false);
  });
});

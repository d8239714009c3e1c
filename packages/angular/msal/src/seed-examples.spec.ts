import { provideHttpClient } from '@angular/common/http';
import { TestBed } from '@angular/core/testing';
import { provideSse, withBaseUrl, withRuntime } from '@sillage/angular';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { settle, streamingFetch } from '../../src/streaming-fetch.fixture';
import { FakeMsal } from './fake-msal.fixture';
import { AppComponent, ChatComponent, DashboardComponent } from './seed-examples.fixture';
import { withMsal } from './with-msal';

describe("the seed's examples, unchanged but for imports", () => {
  const server = streamingFetch();
  const msal = new FakeMsal();

  beforeEach(() => {
    server.exchanges.length = 0;
    TestBed.configureTestingModule({
      providers: [
        msal.provider,
        provideHttpClient(),
        provideSse(
          withBaseUrl('https://api.contoso.example/api'),
          withMsal({ scopes: ['api://sample/Stream.Access'] }),
          withRuntime({ fetch: server.fetch }),
        ),
      ],
    });
    vi.spyOn(console, 'log').mockImplementation(() => undefined);
  });

  afterEach(() => vi.restoreAllMocks());

  it('1: a chat streams into the component, and says when it closed', async () => {
    const component = TestBed.runInInjectionContext(() => new ChatComponent());
    component.ngOnInit();
    await settle();
    const [exchange] = server.exchanges;
    expect(exchange?.url).toBe('https://api.contoso.example/api/chat/stream/session-123');
    expect(exchange?.init.headers.get('Authorization')).toMatch(/^Bearer alice\.contoso\.example-\d+$/);
    await exchange?.write('data: "Bonjour"\n\ndata: not JSON\n\nevent: complete\ndata:\n\n');
    expect(component.messages).toEqual(['Bonjour', 'not JSON']);
    expect(console.log).toHaveBeenLastCalledWith('Stream closed');
  });

  it('2: notifications reach the component', async () => {
    const component = TestBed.runInInjectionContext(() => new AppComponent());
    component.ngOnInit();
    await settle();
    const [exchange] = server.exchanges;
    expect(exchange?.url).toBe('https://api.contoso.example/api/notifications/stream');
    await exchange?.write('event: notification\ndata: {"title":"Build","message":"It passed"}\n\n');
    expect(console.log).toHaveBeenCalledWith('Build', 'It passed');
  });

  it('3: events come by type, and other types do not', async () => {
    const handled: [string, unknown][] = [];
    const component = Object.assign(
      TestBed.runInInjectionContext(() => new DashboardComponent()),
      {
        handleChatMessage: (data: unknown) => handled.push(['chat', data]),
        handleNotification: (data: unknown) => handled.push(['notification', data]),
        updateStatus: (data: unknown) => handled.push(['status', data]),
        refreshData: (data: unknown) => handled.push(['update', data]),
      },
    );
    component.ngOnInit();
    await settle();
    await server.exchanges[0]?.write(
      ['chat', 'notification', 'status', 'update', 'other'].map((type, n) => `event: ${type}\ndata: ${n}\n\n`).join(''),
    );
    expect(handled).toEqual([
      ['chat', 0],
      ['notification', 1],
      ['status', 2],
      ['update', 3],
    ]);
  });
});

import { provideHttpClient } from '@angular/common/http';
import { HttpTestingController, provideHttpClientTesting } from '@angular/common/http/testing';
import { signal } from '@angular/core';
import { TestBed } from '@angular/core/testing';
import { provideSse, SseClient, withBaseUrl } from '@sillage/angular';
import type { WebConfig } from 'demo-contract';
import { NEVER } from 'rxjs';
import { Account } from '@app/sign-in';
import { WEB_CONFIG } from '@app/web-config';
import { Landing } from './landing';

describe('the landing page', () => {
  const entered: string[] = [];
  afterEach(() => vi.unstubAllGlobals());
  const show = (identityProvider: WebConfig['identityProvider']) => {
    entered.length = 0;
    TestBed.configureTestingModule({
      providers: [
        provideHttpClient(),
        provideHttpClientTesting(),
        provideSse(withBaseUrl('https://api.example')),
        { provide: WEB_CONFIG, useValue: { identityProvider } },
        {
          provide: Account,
          useValue: {
            problem: signal(null),
            activity: signal('none'),
            enterAs: (user: string) => Promise.resolve(void entered.push(user)),
          },
        },
      ],
    });
    vi.stubGlobal('matchMedia', () => ({ matches: false }));
    vi.spyOn(TestBed.inject(SseClient), 'stream').mockReturnValue(NEVER);
    const fixture = TestBed.createComponent(Landing);
    fixture.detectChanges();
    return { fixture, host: fixture.nativeElement as HTMLElement, http: TestBed.inject(HttpTestingController) };
  };
  const button = (host: HTMLElement, name: string): HTMLButtonElement | undefined =>
    [...host.querySelectorAll('button')].find(({ textContent }) => textContent.trim().startsWith(name));

  it('enters as Alice by one click, and opens Bob’s window without this tab’s session', () => {
    const open = vi.spyOn(window, 'open').mockReturnValue(null);
    const { host } = show('emulator');
    button(host, 'Enter as Alice')?.click();
    expect(entered).toEqual(['alice']);
    button(host, 'Open Bob beside her')?.click();
    const [url, , features] = open.mock.calls[0] ?? [];
    expect(new URL(String(url)).pathname + new URL(String(url)).search).toBe('/chat/lobby?enter=bob');
    expect(features).toContain('noopener');
  });

  it('shows the live stream and the running counter where the API has them', async () => {
    const { fixture, host, http } = show('emulator');
    expect(host.querySelector('app-live-proof')).toBeNull();
    http.expectOne('https://api.example/showcase/pulse').flush({ run: 'a', published: 1 });
    await fixture.whenStable();
    expect(host.querySelector('app-live-proof')).not.toBeNull();
    expect(host.querySelector('app-counter')).not.toBeNull();
  });

  it('offers a real sign-in only, without a request to the API, where users are those of Entra ID', () => {
    const { host, http } = show('entra');
    http.expectNone(() => true);
    expect(button(host, 'Sign in')).toBeDefined();
    expect(button(host, 'Enter as Alice')).toBeUndefined();
    expect(host.querySelector('app-live-proof')).toBeNull();
  });

  it('copies a command, and says so', async () => {
    const writeText = vi.fn(() => Promise.resolve());
    vi.stubGlobal('navigator', { clipboard: { writeText } });
    const { fixture, host } = show('entra');
    const commands = [...host.querySelectorAll('ol code')].map(({ textContent }) => textContent);
    expect(commands).toEqual(['npm install', 'npm start']);
    button(host, 'Copy')?.click();
    await fixture.whenStable();
    expect(writeText).toHaveBeenCalledWith('npm install');
    expect(button(host, 'Copied')).toBeDefined();
  });
});

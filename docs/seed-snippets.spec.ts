import '@angular/compiler';
import { provideHttpClient } from '@angular/common/http';
import { DOCUMENT } from '@angular/core';
import { getTestBed, TestBed } from '@angular/core/testing';
import { BrowserTestingModule, platformBrowserTesting } from '@angular/platform-browser/testing';
import { Router } from '@angular/router';
import { MSAL_INSTANCE } from '@azure/msal-angular';
import { provideSse, withBaseUrl } from '@sillage/angular';
import { withMsal } from '@sillage/angular/msal';
import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { compileBlocks, type CompiledBlocks } from './compile-blocks.ts';
import { blocksOf, documentAt } from './documents.ts';
import { runBlock } from './run-block.ts';
import { bare, partsOf, seedSnippets } from './seed-snippet.ts';
import { serveStreams } from './sse-server.ts';

describe("the seed's snippets of TypeScript", () => {
  let compiled: CompiledBlocks;
  beforeAll(() => {
    // Two of the seed's methods are methods of the base class now: a strict project has to write `override` before them.
    const blocks = seedSnippets.map(({ block }) => block);
    compiled = compileBlocks(blocks, { noImplicitOverride: false });
  });

  it('are all here, in their order', () => {
    const numbers = seedSnippets.map(({ name }) => Number(name.slice(0, 2)));
    expect(numbers).toEqual(Array.from({ length: 26 }, (_, index) => index + 1));
  });

  it.each(seedSnippets)('$name compiles', ({ block }) => {
    expect(compiled.problems(block)).toEqual([]);
  });

  it.each(['docs/sse-guide.md', 'docs/guide-sse.fr.md'])('are all in %s, in their order', (path) => {
    const blocks = blocksOf(documentAt(path)).filter(({ language }) => language === 'ts');
    let rest = blocks.map(({ code }) => bare(code)).join('\n');
    for (const snippet of seedSnippets) {
      for (const part of partsOf(snippet)) {
        const at = rest.indexOf(part);
        expect(at, `${snippet.name}: ${part}`).toBeGreaterThanOrEqual(0);
        rest = rest.slice(at + part.length);
      }
    }
  });
});

describe("the seed's snippet about errors takes its branch", () => {
  const endings: (() => unknown)[] = [];
  const navigate = vi.fn();
  const alice = { homeAccountId: 'alice.contoso', username: 'alice@contoso.example' };

  beforeAll(() => {
    getTestBed().initTestEnvironment(BrowserTestingModule, platformBrowserTesting());
  });
  afterEach(async () => {
    vi.restoreAllMocks();
    TestBed.resetTestingModule();
    for (const end of endings.splice(0)) await end();
  });

  /** The page of the snippet, listening to a server that gives these answers. */
  async function listen(accounts: readonly object[], ...answers: (string | number)[]) {
    const server = await serveStreams(...answers);
    endings.push(() => server.close());
    const log = vi.spyOn(console, 'log').mockReturnValue();
    const error = vi.spyOn(console, 'error').mockReturnValue();
    navigate.mockClear();
    const msal = {
      initialize: () => Promise.resolve(),
      getActiveAccount: () => null,
      getAllAccounts: () => accounts,
      acquireTokenSilent: () => Promise.resolve({ accessToken: 'token' }),
      addEventCallback: () => 'callback',
      removeEventCallback: () => undefined,
    };
    const snippet = seedSnippets.find(({ name }) => name === '19-error-handling');
    if (snippet === undefined) throw new Error('The snippet about errors is missing.');
    const { Page } = await runBlock(snippet.block);
    TestBed.configureTestingModule({
      providers: [
        provideHttpClient(),
        { provide: DOCUMENT, useValue: { baseURI: 'http://localhost/' } },
        { provide: Router, useValue: { navigate } },
        { provide: MSAL_INSTANCE, useValue: msal },
        provideSse(withBaseUrl(server.origin), withMsal({ scopes: ['api://sample/Stream.Access'] })),
      ],
    });
    TestBed.runInInjectionContext(() => new (Page as new () => { listen(): void })()).listen();
    return { server, log, error };
  }

  it('where no token can be had: the person is sent to sign in, and nothing is requested', async () => {
    const { server, error } = await listen([]);
    await expect.poll(() => navigate.mock.calls).toEqual([[['/login']]]);
    expect(server.received).toEqual([]);
    expect(error).not.toHaveBeenCalled();
  });

  it('where the connection closed: it is opened again', async () => {
    const { server, log, error } = await listen(
      [alice],
      'data: {"text":"first"}\n\n',
      'data: {"text":"second"}\n\nevent: complete\ndata:\n\n',
    );
    await expect.poll(() => log.mock.calls).toEqual([[{ text: 'first' }], ['Reconnecting...'], [{ text: 'second' }]]);
    expect(server.received.map(({ token }) => token)).toEqual(['Bearer token', 'Bearer token']);
    expect([navigate.mock.calls, error.mock.calls]).toEqual([[], []]);
  });

  it('where anything else is wrong: it is written to the console', async () => {
    const { log, error } = await listen([alice], 403);
    await expect
      .poll(() => error.mock.calls)
      .toEqual([['Stream error:', expect.objectContaining({ code: 'http-error', status: 403 })]]);
    expect([navigate.mock.calls, log.mock.calls]).toEqual([[], []]);
  });
});

import type { Page } from 'playwright-core';
import { afterAll, describe, expect, it } from 'vitest';
import { pages } from './pages.ts';
import { alice, bob } from './stack.ts';
import { chunk, startUpstream, type Upstream } from './upstream.ts';
import { withStack } from './with-stack.ts';

const streamsAMinute = 12;
/** The same in any language. */
const names: ReadonlySet<string> = new Set([bob.username, 'Wide World Importers', 'fetch-event-source 2.0.1']);

describe('in French', () => {
  let upstream: Upstream;
  const world = withStack({
    api: async () => {
      // It breaks off every answer.
      upstream = await startUpstream((response) => response.write(chunk('Presque'), () => response.destroy()));
      return { OPENAI_BASE_URL: upstream.baseUrl, RATE_LIMIT_STREAMS: String(streamsAMinute) };
    },
  });
  afterAll(() => upstream.end());

  it('describes refusals of the API in French', async () => {
    const visitor = await world.arrive();
    const { page } = visitor;
    await visitor.signIn(alice);
    const says = (sentence: RegExp): Promise<void> => page.getByText(sentence).first().waitFor();

    await visitor.open('/fr/documents/unheard-of');
    await says(/Il n’y a pas de tel document parmi ceux que vous pouvez ouvrir/);

    await visitor.open('/fr/devices/unheard-of');
    await says(/Aucun appareil de ce nom ne s’est fait entendre/);

    await visitor.open('/fr/stocks');
    await visitor.live();
    await page.getByLabel('Un autre symbole').fill('NOPE');
    await visitor.button('Ajouter').click();
    await says(/Il n’y a pas de cours pour NOPE/);

    await visitor.open('/fr/game/alone');
    await visitor.live();
    await page.locator('[data-cell="0"]').click();
    await says(/Vous n’avez pas de place dans cette partie/);

    await visitor.open('/fr/assistant');
    await page.getByLabel('Demander à l’assistant').fill('Tiendra-t-il ?');
    await visitor.button('Demander').click();
    const alert = page
      .getByRole('alert')
      .filter({ hasText: /^\s*La réponse a échoué\. L’assistant a cessé de répondre/ });
    await alert.waitFor();

    // Until the limit is reached: the number of streams so far does not matter.
    for (let opened = 0; opened <= streamsAMinute; opened += 1) {
      await visitor.open('/fr/events');
      await page.locator('[data-state="open"], [data-state="waiting"]').first().waitFor();
      if ((await page.locator('[data-state="waiting"]').count()) > 0) break;
    }
    await says(/l’API a reçu trop de requêtes de vous ou de votre réseau/);
  });

  it('says in French that a user may not read the logs', async () => {
    const visitor = await world.arrive();
    await visitor.signIn(bob);
    await visitor.open('/fr/logs');
    await visitor.page.getByText(/Échec\s*: Il vous manque le rôle/).waitFor();
    await visitor.page.getByText(/réservés aux personnes qui ont le rôle/).waitFor();
  });

  it('says in French that the API cannot be reached', async () => {
    const visitor = await world.arrive();
    await visitor.signIn(bob);
    await visitor.open('/fr/notifications');
    await visitor.live();
    await world.stack.killApi();
    await visitor.page.getByText(/^Reconnexion dans \d+\u00a0s/).waitFor();
    await visitor.page.getByText(/est injoignable\. Les flux réessaient/).waitFor();
    await world.stack.startApi();
    await visitor.live();
  });

  it('shows notices of the API in the language of the page', async () => {
    const visitor = await world.arrive();
    await visitor.signIn(bob);
    await visitor.open('/fr/notifications');
    await visitor.live();
    const people = (await world.stack.call(alice, 'GET', '/people')) as { id: string; name: string }[];
    const sharedWith = people.filter(({ name }) => name === bob.name).map(({ id }) => id);
    await world.stack.call(alice, 'POST', '/documents', { title: 'Le plan', sharedWith });
    await visitor.sees(`${alice.name} a partagé un document avec vous`);
    await world.stack.call(alice, 'POST', '/chat/plan/messages', { text: '@bob ici' });
    await visitor.sees(`${alice.name} vous a mentionné dans plan`);
  });

  it('has no English sentence on any page', async () => {
    const visitor = await world.arrive();
    const { page } = visitor;
    await visitor.signIn(bob);
    const found: string[] = [];
    for (const { path } of pages) {
      const english = await sentences(page, `${world.stack.web}/en${path}`);
      const french = await sentences(page, `${world.stack.web}/fr${path}`);
      expect(await page.getAttribute('html', 'lang'), path).toBe('fr');
      const same = french.filter((sentence) => english.includes(sentence) && !names.has(sentence));
      found.push(...same.map((sentence) => `${path}: ${sentence}`));
    }
    await visitor.open('/');
    visitor.urls.length = 0;
    expect(found).toEqual([]);
  }, 120_000);
});

/** The texts of a page with three words or more, accessible names included, except those that are marked as English. */
async function sentences(page: Page, url: string): Promise<string[]> {
  await page.goto(url);
  await page.locator('main h1').waitFor();
  await page.locator('main :is([data-state], form, a, button)').first().waitFor();
  return page.evaluate(() => {
    const texts = [...document.querySelectorAll('body *, title')].flatMap((element) =>
      element.closest('[lang="en"]:not(html), script, style, noscript') !== null
        ? []
        : [...element.childNodes]
            .filter((node) => node.nodeType === Node.TEXT_NODE)
            .map((node) => node.textContent ?? '')
            .concat(['aria-label', 'title', 'placeholder'].map((name) => element.getAttribute(name) ?? '')),
    );
    return [...new Set(texts.map((text) => text.replaceAll(/\s+/g, ' ').trim()))].filter((text) =>
      /\p{L}{2,}\P{L}+\p{L}{2,}\P{L}+\p{L}{2,}/u.test(text),
    );
  });
}

import type { Page } from 'playwright-core';

/** What a screen reader says by itself, without moving the focus. */
export interface Announcement {
  /** An assertive announcement interrupts the current one. */
  readonly manner: 'polite' | 'assertive';
  readonly text: string;
}

/** Records the announcements of the live regions of the page, and of the pages that it leads to. Call it before the page is opened. */
export async function listen(page: Page): Promise<() => Promise<Announcement[]>> {
  await page.addInitScript(noteAnnouncements);
  return () => page.evaluate(() => (globalThis as unknown as { announced?: Announcement[] }).announced ?? []);
}

/** WAI-ARIA 1.2: of a log, the additions are announced; of a status and an alert, the whole text. */
function noteAnnouncements(): void {
  const announced: Announcement[] = [];
  (globalThis as unknown as { announced: Announcement[] }).announced = announced;
  const liveRegion = '[aria-live], [role="status"], [role="log"], [role="alert"]';
  const textOf = (node: Node): string => (node.textContent ?? '').replaceAll(/\s+/g, ' ').trim();

  const note = (region: Element, text: string): void => {
    const role = region.getAttribute('role');
    const manner = region.getAttribute('aria-live') ?? (role === 'alert' ? 'assertive' : 'polite');
    if (text !== '' && (manner === 'polite' || manner === 'assertive')) announced.push({ manner, text });
  };
  new MutationObserver((changes) => {
    const whole = new Set<Element>();
    for (const { target, addedNodes, type } of changes) {
      const region = (target instanceof Element ? target : target.parentElement)?.closest(liveRegion);
      if (region?.getAttribute('role') === 'log') for (const node of addedNodes) note(region, textOf(node));
      else if (region != null) whole.add(region);
      // An alert is announced as it appears; another region has to be there before what it announces.
      if (type === 'childList' && region == null) {
        for (const node of addedNodes) {
          if (!(node instanceof Element)) continue;
          if (node.matches('[role="alert"]')) whole.add(node);
          for (const alert of node.querySelectorAll('[role="alert"]')) whole.add(alert);
        }
      }
    }
    for (const region of whole) note(region, textOf(region));
  }).observe(document, { subtree: true, childList: true, characterData: true });
}

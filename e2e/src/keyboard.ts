import type { Page } from 'playwright-core';
import { expect } from 'vitest';

/** Past that many stops, what was looked for is not on the page. */
const maxStops = 90;

/** What has the focus, as seen from within the page. */
interface Stop {
  /** Whether anything has it at all. */
  readonly is: 'held' | 'lost';
  /** Whether it can be seen: an outline of the element or right around it, or the frame of its field. */
  readonly mark: 'shown' | 'missing';
  /** Whether the element is within the window. */
  readonly place: 'in-sight' | 'out-of-sight' | 'covered';
  readonly html: string;
}

/** A page as somebody uses it who has no mouse. Wherever the focus goes, it has to be seen. */
export class Keyboard {
  readonly #page: Page;

  constructor(page: Page) {
    this.#page = page;
  }

  press(key: string): Promise<void> {
    return this.#page.keyboard.press(key);
  }

  type(text: string): Promise<void> {
    return this.#page.keyboard.type(text);
  }

  /** What has the focus, as a screen reader says it: `button "Send"`. */
  async focused(): Promise<string> {
    const focus = this.#page.locator(':focus');
    if ((await focus.count()) === 0) return 'nothing';
    const [line = ''] = (await focus.first().ariaSnapshot()).split('\n');
    const { role, name, text } =
      /^- '?(?<role>\w+)(?: "(?<name>(?:[^"\\]|\\.)*)"|: "?(?<text>[^"]+))?/.exec(line)?.groups ?? {};
    return `${role ?? line} "${name ?? text ?? ''}"`;
  }

  /** Resolves once `stop` has the focus, as after a page was opened or a control has gone. */
  async comesTo(stop: string): Promise<void> {
    await expect.poll(() => this.focused(), { message: 'what has the focus' }).toBe(stop);
    await this.#expectSeen(stop);
  }

  /** Presses Tab, or Shift+Tab, and says where that leads. */
  async tab(key: 'Tab' | 'Shift+Tab' = 'Tab'): Promise<string> {
    await this.press(key);
    const stop = await this.focused();
    if (stop !== 'nothing') await this.#expectSeen(stop);
    return stop;
  }

  /** Presses Tab, or Shift+Tab, until `stop` has the focus. */
  async tabTo(stop: string, key: 'Tab' | 'Shift+Tab' = 'Tab'): Promise<void> {
    const passed: string[] = [];
    while (passed.length < maxStops) {
      const reached = await this.tab(key);
      if (reached === stop) return;
      passed.push(reached);
    }
    throw new Error(`No ${key} leads to ${stop}. It led to: ${passed.join(', ')}.`);
  }

  /**
   * Presses Tab from the link that skips to the content, the first of the page, to the last stop.
   *
   * @returns what is wrong with the way: stops without a name, or that stand before the one that they follow.
   */
  async walk(): Promise<string[]> {
    const first = 'link "Skip to the content"';
    let stop = await this.tab();
    if (stop !== first) return [`${stop} comes first`];
    await this.#page.evaluate(compareWithLastStop);
    const wrong: string[] = [];
    for (let stops = 0; stops < maxStops; stops += 1) {
      stop = await this.tab();
      if (stop === first || stop === 'nothing') return wrong;
      if (stop.endsWith(' ""')) wrong.push(`${stop} has no name`);
      if ((await this.#page.evaluate(compareWithLastStop)) === 'before') wrong.push(`${stop} comes too late`);
    }
    throw new Error(`The page has no end: ${maxStops} stops, and there are more.`);
  }

  /** Follows a link of the navigation, which stands before the page. */
  async goTo(name: string, heading = name): Promise<void> {
    await this.tabTo(`link "${name}"`, 'Shift+Tab');
    await this.press('Enter');
    await this.comesTo(`heading "${heading}"`);
  }

  async #expectSeen(stop: string): Promise<void> {
    // Styles settle within a frame or two.
    await expect
      .poll(() => this.#page.evaluate(lookAtFocus), { message: `the focus on ${stop}` })
      .toMatchObject({ is: 'held', mark: 'shown', place: 'in-sight' });
  }
}

function lookAtFocus(): Stop {
  const element = document.activeElement;
  if (element === null || element === document.body)
    return { is: 'lost', mark: 'missing', place: 'out-of-sight', html: '' };
  const outlined = (other: Element): boolean => {
    const { outlineStyle, outlineWidth, opacity } = getComputedStyle(other);
    return outlineStyle !== 'none' && Number.parseFloat(outlineWidth) >= 2 && opacity !== '0';
  };
  const around = [element];
  for (let other = element.parentElement; other !== null && around.length < 4; other = other.parentElement)
    around.push(other);
  const frame = element.closest('mat-form-field')?.querySelector('.mdc-notched-outline__trailing') ?? null;
  const framed = frame !== null && Number.parseFloat(getComputedStyle(frame).borderBottomWidth) >= 2;

  const box = element.getBoundingClientRect();
  const [x, y] = [box.left + box.width / 2, box.top + Math.min(box.height / 2, 20)];
  const onTop = document.elementFromPoint(x, y);
  const seen = onTop !== null && around.some((other) => other.contains(onTop) && other !== document.body);
  const inside = x >= 0 && y >= 0 && x <= innerWidth && y <= innerHeight;
  return {
    is: 'held',
    mark: framed || around.some(outlined) ? 'shown' : 'missing',
    place: inside ? (seen ? 'in-sight' : 'covered') : 'out-of-sight',
    html: element.outerHTML.slice(0, 200),
  };
}

/** Whether the focus stands after the last stop that was compared, and, within one region, not above it. Regions may stand side by side. */
function compareWithLastStop(): 'before' | 'after' {
  const world = globalThis as unknown as { lastStop?: Element };
  const { lastStop: last } = world;
  const element = document.activeElement;
  if (element === null) return 'after';
  world.lastStop = element;
  if (last?.isConnected !== true) return 'after';
  const inOrder = (last.compareDocumentPosition(element) & Node.DOCUMENT_POSITION_FOLLOWING) !== 0;
  const region = element.closest('header, nav, form, section, figure, ul, ol');
  const isAbove =
    region?.contains(last) === true && element.getBoundingClientRect().bottom <= last.getBoundingClientRect().top;
  return inOrder && !isAbove ? 'after' : 'before';
}

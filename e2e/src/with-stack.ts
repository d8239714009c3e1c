import type { Browser } from 'playwright-core';
import { afterAll, afterEach, beforeAll } from 'vitest';
import { startStack, type Stack, type StackOptions } from './stack.ts';
import { launchChromium, Visitor } from './visitor.ts';

/** A stack and a browser for the tests of a file, and visitors who leave after each test. */
export function withStack(options: StackOptions = {}) {
  const held: { stack?: Stack; browser?: Browser } = {};
  const visitors: Visitor[] = [];

  beforeAll(async () => {
    [held.stack, held.browser] = await Promise.all([startStack(options), launchChromium()]);
  });
  afterEach(async () => {
    for (const visitor of visitors.splice(0)) {
      visitor.expectCleanVisit();
      await visitor.context.close();
    }
    await held.stack?.control('POST', '/reset');
  });
  afterAll(async () => {
    await held.browser?.close();
    await held.stack?.end();
  });

  return {
    get stack(): Stack {
      if (held.stack === undefined) throw new Error('The stack is started before the first test, not before.');
      return held.stack;
    },
    async arrive(): Promise<Visitor> {
      if (held.browser === undefined) throw new Error('The browser is started before the first test, not before.');
      const visitor = await Visitor.arrive(held.browser, this.stack);
      visitors.push(visitor);
      return visitor;
    },
  };
}

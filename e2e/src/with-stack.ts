import type { Browser } from 'playwright-core';
import { afterAll, afterEach, beforeAll } from 'vitest';
import { startStack, type Stack, type StackOptions } from './stack.ts';
import { launchChromium, Visitor, type SignIns } from './visitor.ts';

/** A stack and a browser for the tests of a file, and visitors whose context is closed after each test. */
export function withStack(options: StackOptions = {}) {
  const held: { stack?: Stack; browser?: Browser } = {};
  const visitors: Visitor[] = [];
  const signIns: SignIns = new Map();

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
      if (held.stack === undefined) throw new Error('The stack is not running yet: use it within a test.');
      return held.stack;
    },
    async arrive(): Promise<Visitor> {
      if (held.browser === undefined) throw new Error('The browser is not running yet: use it within a test.');
      const visitor = await Visitor.arrive(held.browser, this.stack, signIns);
      visitors.push(visitor);
      return visitor;
    },
  };
}

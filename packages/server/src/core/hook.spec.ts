import { describe, expect, it, vi } from 'vitest';
import { settle } from './tick.fixture.ts';
import { callHook, createReporter } from './hook.ts';
import { LazyAbort } from './lazy-abort.ts';

describe('a hook', () => {
  it('gets its arguments, and may be absent', () => {
    const hook = vi.fn();
    const report = vi.fn();
    callHook(hook, report, 1, 'two');
    callHook(undefined, report);
    expect([hook.mock.calls, report.mock.calls]).toEqual([[[1, 'two']], []]);
  });

  it('that throws, or returns a promise that rejects, is reported', async () => {
    const report = vi.fn();
    const thrown = new Error('thrown');
    const rejected = new Error('rejected');
    callHook(() => {
      throw thrown;
    }, report);
    callHook(() => Promise.reject(rejected), report);
    await settle(1);
    expect(report.mock.calls).toEqual([[thrown], [rejected]]);
  });

  it('may return anything else', () => {
    const report = vi.fn();
    for (const value of [null, 7, 'text', {}, { then: 7 }]) callHook(() => value, report);
    expect(report).not.toHaveBeenCalled();
  });
});

describe('a reporter', () => {
  it('never throws: the fallback gets what onError throws', async () => {
    const fallback = vi.fn();
    const thrown = new Error('thrown');
    createReporter(() => {
      throw thrown;
    }, fallback)('x');
    createReporter(() => Promise.reject(thrown), fallback)('x');
    await settle(1);
    expect(fallback.mock.calls).toEqual([[thrown], [thrown]]);
  });
});

describe('an AbortController on demand', () => {
  it('gives one signal, which aborts with it, also if it is asked for afterwards', () => {
    const early = new LazyAbort();
    const { signal } = early;
    expect([early.isAborted, signal.aborted, early.signal === signal]).toEqual([false, false, true]);
    early.abort();
    expect([early.isAborted, signal.aborted]).toEqual([true, true]);
    const late = new LazyAbort();
    late.abort();
    expect([late.isAborted, late.signal.aborted]).toEqual([true, true]);
  });
});

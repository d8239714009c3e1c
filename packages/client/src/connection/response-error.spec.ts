import { describe, expect, it } from 'vitest';
import { ScriptedWorld, settle } from '../testing/scripted-world.fixture.ts';
import { responseError } from './response-error.ts';

const limit = 16 * 1024;

/** A response of 400 whose body consists of these chunks. */
const refused = (...chunks: Uint8Array[]): Response =>
  new Response(
    new ReadableStream<Uint8Array>({
      pull: (controller) => {
        const chunk = chunks.shift();
        if (chunk === undefined) controller.close();
        else controller.enqueue(chunk);
      },
    }),
    { status: 400 },
  );

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

describe('the error of a response', () => {
  it.each([
    ['{"detail":"a","code":"b"}', 'a', 'b'],
    ['{"detail":"a","code":5}', 'a', undefined],
    ['{"detail":{"text":"a"},"title":"t"}', 't', undefined],
    ['{"error":null,"message":"m"}', 'm', undefined],
    ['{"error":{"message":"e"},"message":"m"}', 'e', undefined],
    ['{"error":["e"]}', undefined, undefined],
    ['{"code":"b"}', undefined, 'b'],
    ['"text"', undefined, undefined],
    ['not JSON', undefined, undefined],
  ])('explains itself by the body %s', async (body, detail, failure) => {
    const error = await responseError(refused(bytes(body)), new ScriptedWorld().runtime);
    expect(error).toMatchObject({ status: 400, body, detail, failure });
  });

  it('joins a character that is cut into two chunks', async () => {
    const body = bytes('{"detail":"café"}');
    const cut = body.length - 3;
    const error = await responseError(refused(body.slice(0, cut), body.slice(cut)), new ScriptedWorld().runtime);
    expect(error.detail).toBe('café');
  });

  it('has no more of the body than its beginning', async () => {
    const chunk = (char: string): Uint8Array => bytes(char.repeat(limit));
    const runtime = new ScriptedWorld().runtime;
    expect((await responseError(refused(chunk('a'), chunk('b')), runtime)).body).toBe('a'.repeat(limit));
    expect((await responseError(refused(bytes('a'.repeat(limit + 1))), runtime)).body).toBe('a'.repeat(limit));
  });

  it('has the headers of the response, and an empty body if there is none', async () => {
    const headers = { 'WWW-Authenticate': 'Bearer error="invalid_token"', 'Retry-After': '7' };
    const world = new ScriptedWorld();
    const error = await responseError(new Response(null, { status: 401, headers }), world.runtime);
    expect(error).toMatchObject({
      status: 401,
      body: '',
      retryAfterMs: 7_000,
      challenges: [{ scheme: 'bearer', parameters: { error: 'invalid_token' } }],
    });
  });

  it('leaves no timer once the body is read', async () => {
    const world = new ScriptedWorld();
    await responseError(refused(bytes('text')), world.runtime);
    expect(world.held).toBe(0);
  });

  it('has what was read before the body broke off or its time was over', async () => {
    for (const end of ['break off', 'stay open'] as const) {
      const world = new ScriptedWorld();
      const chunks = [bytes('the beginning')];
      let cancelled = false;
      const body = new ReadableStream<Uint8Array>(
        {
          pull: (controller) => {
            const chunk = chunks.shift();
            if (chunk !== undefined) controller.enqueue(chunk);
            else if (end === 'break off') controller.error(new Error('reset by peer'));
          },
          cancel: () => void (cancelled = true),
        },
        // Nothing is read in advance: an error would discard it.
        { highWaterMark: 0 },
      );
      const error = responseError(new Response(body, { status: 500 }), world.runtime);
      await settle();
      await world.advance(5_000);
      expect(await error).toMatchObject({ status: 500, body: 'the beginning' });
      expect(cancelled).toBe(end === 'stay open');
    }
  });
});

/// <reference types="node" />
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describeFailure, describeRefusal } from './describe-refusal';

const root = join(process.cwd(), '../..');
const detail = 'The API’s own words.';

/** What is said to other services, which publish, and never to a page. */
const forServices = /publish-endpoint|publication\.ts$/;

/** What the API's sources say to a page, with the code that stands for it. */
function codesIn(folder: string): string[] {
  return readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts') && !/\.(?:spec|fixture)\.ts$/.test(path) && !forServices.test(path))
    .flatMap((path) => {
      const source = readFileSync(join(root, folder, path), 'utf8').replaceAll(/^\s*(?:\*|\/\/).*$/gm, '');
      return [...source.matchAll(coded)].map(([, code = '']) => code);
    });
}

/** `{ code: …` is the reason of an import's failure: those are a type, and the compiler sees that each has its sentence. */
const coded =
  /(?:(?<!\{ )\bcode: |sendProblem\(\w+, \w+, |\b(?:LimitReached|NotAllowed|StreamFailure|TokenRefusedError|UpdateRefused|unavailable)\(\s*|badRequest\(\w+, )'([a-z-]+)'/g;

describe('a refusal in words', () => {
  const codes = [...new Set([...codesIn('apps/demo-api/src'), ...codesIn('packages/server/src')])];

  it('is looked for where the API gives its codes', () => {
    expect(codes).toEqual(
      expect.arrayContaining(['not-your-turn', 'invalid-body', 'unknown-symbol', 'assistant-unavailable']),
    );
    expect(codes).toEqual(
      expect.arrayContaining(['void-ticket', 'token-in-query', 'bad-signature', 'keys-unavailable', 'server-closing']),
    );
  });

  it.each(codes.filter((code) => code !== 'too-many-requests'))('is a sentence of the page’s own: %s', (code) => {
    const refusal = { code, detail, retryAfterSeconds: null };
    expect(describeRefusal(418, refusal)).not.toBe(describeRefusal(418, { ...refusal, code: null }));
    expect(describeFailure(code, detail)).not.toBe(describeFailure('unheard-of', detail));
  });

  it('says how long to wait', () => {
    const refusal = { code: 'too-many-requests', detail, retryAfterSeconds: 7 };
    expect(describeRefusal(429, refusal)).toBe('Too many requests. Try again in 7 s.');
    expect(describeRefusal(429, { ...refusal, retryAfterSeconds: null })).not.toContain(detail);
  });

  it('has the API’s words where nothing is known of its code, in English', () => {
    expect(describeRefusal(409, { code: 'unheard-of', detail, retryAfterSeconds: null })).toContain(detail);
    expect(describeFailure('unheard-of', detail)).toContain(detail);
  });
});

import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { createDocsAssistant } from './docs-assistant.ts';

const root = fileURLToPath(new URL('../../../..', import.meta.url));

describe('the embedded assistant', () => {
  const ask = async (content: string, said = ''): Promise<string[]> => {
    const assistant = await createDocsAssistant({ root, tokenDelayMs: 0 });
    return Array.fromAsync(
      assistant.answer([{ role: 'user', content }], { said, signal: new AbortController().signal }),
    );
  };

  it('answers from the documentation, names its source, and says that it is not a language model', async () => {
    const tokens = await ask('What is a gap, and when is it told?');
    const answer = tokens.join('');
    expect(answer).toMatch(/^I am the embedded assistant: no language model/);
    // Whichever document says it best at the time.
    expect(answer).toMatch(/\n[\w./-]+\.md, “.+”: .*\bgap\b/);
    expect(tokens.length).toBeGreaterThan(20);
  });

  it('introduces itself once in a conversation', async () => {
    const assistant = await createDocsAssistant({ root, tokenDelayMs: 0 });
    const turns = [
      { role: 'user', content: 'What is a gap?' },
      { role: 'assistant', content: 'I am the embedded assistant …' },
      { role: 'user', content: 'And an epoch?' },
    ] as const;
    const tokens = await Array.fromAsync(assistant.answer(turns, { said: '', signal: new AbortController().signal }));
    expect(tokens.join('')).not.toContain('I am the embedded assistant');
  });

  it('quotes no French document, since it says that it knows English only', async () => {
    expect((await ask('flux connexion jeton reprise événement perdu')).join('')).not.toContain('.fr.md');
  });

  it('continues where it was interrupted', async () => {
    const whole = (await ask('What is a gap?')).join('');
    expect((await ask('What is a gap?', whole.slice(0, 100))).join('')).toBe(whole.slice(100));
  });

  it('says so when it finds nothing', async () => {
    expect((await ask('xyzzyplugh')).join('')).toContain('I found nothing about that');
  });
});

import type { ChatHistory } from 'demo-contract';
import { describe, expect, it } from 'vitest';
import { withApi } from '../with-api.fixture.ts';

describe('the simulated colleague', () => {
  const held = withApi(() => ({ variables: { SAMPLE_DATA: 'on' } }));
  const ordinary = withApi();
  const messages = async () => (await held.api.json<ChatHistory>('alice', 'GET', '/chat/lobby/messages')).messages;

  it('greets in an empty chat, answers in the language of the question, and is labelled in every message', async () => {
    await expect.poll(async () => (await messages()).length, { timeout: 5_000 }).toBe(1);
    for (const [text, answer] of [
      ['Hello there', /^I am a simulated colleague/],
      ['Bonjour, merci', /^Coupez la liaison/],
    ] as const) {
      const before = (await messages()).length;
      await held.api.json('alice', 'POST', '/chat/lobby/messages', { text });
      await expect.poll(async () => (await messages()).length, { timeout: 5_000 }).toBe(before + 2);
      expect((await messages()).at(-1)).toMatchObject({ from: { name: 'Nora (simulated)' } });
      expect((await messages()).at(-1)?.text).toMatch(answer);
    }
  });

  it('gives each user a sample document, once, which they can delete', async () => {
    const documents = () => held.api.json<{ id: string; title: string }[]>('bob', 'GET', '/documents');
    const [sample, ...others] = await documents();
    expect([sample?.title, others]).toEqual(['Sample: notes of a meeting', []]);
    await held.api.json('bob', 'DELETE', `/documents/${sample?.id ?? ''}`);
    expect(await documents()).toEqual([]);
  });

  it('does not exist without SAMPLE_DATA', async () => {
    await ordinary.api.json('alice', 'POST', '/chat/lobby/messages', { text: 'Hello?' });
    const { messages: said } = await ordinary.api.json<ChatHistory>('alice', 'GET', '/chat/lobby/messages');
    expect(said).toHaveLength(1);
    expect(await ordinary.api.json('alice', 'GET', '/documents')).toEqual([]);
  });
});

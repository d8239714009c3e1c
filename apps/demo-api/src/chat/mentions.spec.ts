import { describe, expect, it } from 'vitest';
import { mentionedIn } from './mentions.ts';

const alice = { id: 'a', name: 'Alice Sample', username: 'alice@contoso.example' };
const ali = { id: 'b', name: 'Ali Sample', username: 'ali@contoso.example' };
const nameless = { id: 'c', name: '', username: '' };

describe('a mention', () => {
  it.each([
    ['@alice, look', [alice]],
    ['look, @Alice Sample!', [alice]],
    ['(@ali) and @ALICE', [alice, ali]],
    ['@alice@contoso.example', [alice]],
    ['write to alice@contoso.example', []],
    ['me@alice', []],
    ['@alicia and @ nobody', []],
  ])('is found in %j', (text, expected) => {
    expect(mentionedIn(text, [alice, ali, nameless])).toEqual(expected);
  });
});

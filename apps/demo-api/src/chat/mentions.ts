import type { Person } from 'demo-contract';

/**
 * The users that a text mentions: `@` and the full name, the first name or the username, in any case. If it fits several users, all of
 * them are mentioned.
 */
export function mentionedIn(text: string, people: readonly Person[]): Person[] {
  const lowered = text.toLowerCase();
  const isMentioned = (name: string | undefined): boolean => {
    if (name === undefined || name === '') return false;
    const mention = `@${name.toLowerCase()}`;
    for (let at = lowered.indexOf(mention); at !== -1; at = lowered.indexOf(mention, at + 1)) {
      // An e-mail address has its @ in the middle of a word, and a longer word is another user's name.
      const isWhole = !/[\p{L}\p{N}_]/u.test((lowered[at - 1] ?? '') + (lowered[at + mention.length] ?? ''));
      if (isWhole) return true;
    }
    return false;
  };
  return people.filter(({ name, username }) => [name, name.split(/\s/)[0], username].some(isMentioned));
}

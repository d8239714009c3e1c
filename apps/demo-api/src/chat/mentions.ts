import type { Person } from 'demo-contract';

/**
 * Who a text mentions: `@` and a person's whole name, first name or username, in any case. Where it fits several people, it means
 * each of them.
 */
export function mentionedIn(text: string, people: readonly Person[]): Person[] {
  const lowered = text.toLowerCase();
  const isMentioned = (name: string | undefined): boolean => {
    if (name === undefined || name === '') return false;
    const mention = `@${name.toLowerCase()}`;
    for (let at = lowered.indexOf(mention); at !== -1; at = lowered.indexOf(mention, at + 1)) {
      // An e-mail address has its @ in the middle of a word, and a longer name is another person's.
      const isWhole = !/[\p{L}\p{N}_]/u.test((lowered[at - 1] ?? '') + (lowered[at + mention.length] ?? ''));
      if (isWhole) return true;
    }
    return false;
  };
  return people.filter(({ name, username }) => [name, name.split(/\s/)[0], username].some(isMentioned));
}

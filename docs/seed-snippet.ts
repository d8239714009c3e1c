import { globSync } from 'node:fs';
import { basename } from 'node:path';
import { read, root, type Block } from './documents.ts';

/** A snippet of the guide that this project began with, from `docs/seed-snippets/`. */
export interface SeedSnippet {
  /** Such as `03-chat-service`: its place in the guide, and what it shows. */
  readonly name: string;
  /** The guide's text, between what the reader supplies before and after it. */
  readonly text: string;
  /** All of it, to compile or to run. */
  readonly block: Block;
}

const begins = "// The seed's.\n";
const ends = "// The seed's ends.\n";
/** Stands at the end of a line that is ours within the guide's text. */
const ours = /.*\/\/ ours\n/;

/** The guide's snippets, in its order. No compiler or linter finds them by itself: they are text, and stay as they were written. */
export const seedSnippets: readonly SeedSnippet[] = globSync('docs/seed-snippets/*.ts.txt', { cwd: root })
  .map((path) => path.replaceAll('\\', '/'))
  .sort()
  .map((path) => {
    const code = read(path);
    const [, rest = '', none] = code.split(begins);
    const [text = '', after, more] = rest.split(ends);
    if (after === undefined || none !== undefined || more !== undefined) throw new Error(`${path} has no one snippet.`);
    const name = basename(path, '.ts.txt');
    return { name, text, block: { name, file: path, line: 1, language: 'ts', given: '', code } };
  });

/** The guide's text in the parts that lines of ours leave of it, as {@link bare} has them. */
export function partsOf({ text }: SeedSnippet): string[] {
  return text
    .split(ours)
    .map(bare)
    .filter((part) => part !== '');
}

/** Code without what a translator or a formatter may change: comments, white space, semicolons, trailing commas, arrows' parentheses. */
export function bare(code: string): string {
  return code
    .replaceAll(/(?:^|\s)\/\/.*$/gm, '')
    .replaceAll(/\s+|;/g, '')
    .replaceAll(/,(?=[)\]}])/g, '')
    .replaceAll(/\((\w+)\)=>/g, '$1=>');
}

import { existsSync, globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('..', import.meta.url));

/** A Markdown file of the repository. */
export interface Document {
  /** Relative to the root, with `/`. */
  readonly path: string;
  readonly text: string;
}

/** A fenced block of a document. */
export interface Block {
  /** Such as `README.md:25`, where the fence opens. */
  readonly name: string;
  readonly file: string;
  /** The line of the first line of code, from 1. */
  readonly line: number;
  readonly language: string;
  /** What an HTML comment before the fence, `<!-- given: … -->`, declares for the block, or begins around it; `''` where there is none. */
  readonly given: string;
  readonly code: string;
}

const places = ['*.md', 'docs/*.md', 'packages/*/README.md'];

/** The documents whose code is compiled and whose claims are checked. */
export const documents: readonly Document[] = globSync(places, { cwd: root })
  .map((path) => path.replaceAll('\\', '/'))
  .sort()
  .map((path) => ({ path, text: read(path) }));

/** @throws where there is no such document. */
export function documentAt(path: string): Document {
  const found = documents.find((document) => document.path === path);
  if (found === undefined) throw new Error(`${path} is not among the documents (${places.join(', ')}).`);
  return found;
}

const fence = /^(?<given><!-- given:(?:(?!-->)[\s\S])*-->\n+)?```(?<language>[^\n]*)\n(?<code>[\s\S]*?)^```$/gm;

/** The fenced blocks of a document, in order. */
export function blocksOf({ path, text }: Document): Block[] {
  return [...text.matchAll(fence)].map((match) => {
    const { given = '', language = '', code = '' } = match.groups ?? {};
    const opening = text.slice(0, match.index + given.length).split('\n').length;
    return {
      name: `${path}:${opening}`,
      file: path,
      line: opening + 1,
      language,
      given: given
        .replace(/^<!-- given:/, '')
        .replace(/-->\s*$/, '')
        .trim(),
      code,
    };
  });
}

/** The one block of a document, in TypeScript unless told otherwise, whose code holds `mark`. @throws where there is none, or more than one. */
export function blockWith(path: string, mark: string, wanted = 'ts'): Block {
  const found = blocksOf(documentAt(path)).filter(({ language, code }) => language === wanted && code.includes(mark));
  const [block] = found;
  if (block === undefined || found.length > 1)
    throw new Error(`${path} has ${found.length} ${wanted} blocks with "${mark}", and needs one.`);
  return block;
}

/** The text without its code, its lines kept: where links, headings and tables are looked for. */
export function proseOf({ text }: Document): string {
  return text.replaceAll(/^```[\s\S]*?^```$/gm, (block) => block.replaceAll(/[^\n]/g, ''));
}

/** The cells of every row of the tables of `text`, but for the lines that separate headers. */
export function tableRows(text: string): string[][] {
  return text
    .split('\n')
    .filter((line) => line.startsWith('|') && !/^[|\s:-]+$/.test(line))
    .map((line) =>
      line
        .replace(/^\||\|\s*$/g, '')
        .split(/(?<!\\)\|/)
        .map((cell) => cell.trim().replaceAll('\\|', '|')),
    );
}

/** What stands under a heading, up to the next one of its level or a higher one. @throws where there is no such heading. */
export function sectionOf(document: Document, heading: string): string {
  const lines = proseOf(document).split('\n');
  const start = lines.findIndex((line) => line.replace(/^#+ /, '') === heading && line.startsWith('#'));
  if (start === -1) throw new Error(`${document.path} has no heading "${heading}".`);
  const level = /^#+/.exec(lines[start] ?? '')?.[0].length ?? 1;
  const rest = lines.slice(start + 1);
  const end = rest.findIndex((line) => (/^#+(?= )/.exec(line)?.[0].length ?? Infinity) <= level);
  return rest.slice(0, end === -1 ? undefined : end).join('\n');
}

export function exists(path: string): boolean {
  return existsSync(join(root, path));
}

/** The text of a file of the repository. */
export function read(path: string): string {
  return readFileSync(join(root, path), 'utf8');
}

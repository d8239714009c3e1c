import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import MiniSearch from 'minisearch';
import type { Assistant } from './assistant.ts';

export interface DocsAssistantOptions {
  /** The folder of the repository, whose Markdown the assistant searches. */
  readonly root: string;
  /** The pause between two tokens. Without it, the answer would arrive at once and would not show streaming. @default 20 */
  readonly tokenDelayMs?: number;
}

/** A paragraph, or an item of a list: small enough to be quoted whole. */
interface Passage {
  readonly id: number;
  readonly file: string;
  readonly heading: string;
  readonly text: string;
}

const introduction = 'I am the embedded assistant: no language model, only a search in Sillage’s own documentation.';
const maxQuoteWords = 90;

/** Words of nearly every question, which do not help the search. */
const stopWords: ReadonlySet<string> = new Set(
  'a an and are can do does for from how i in is it my of on or the there this to what when where which who why with you'.split(
    ' ',
  ),
);

/** Answers by a full-text search in the project's documentation, and says so in the first answer of a conversation. */
export async function createDocsAssistant({ root, tokenDelayMs = 20 }: DocsAssistantOptions): Promise<Assistant> {
  const passages = (await Promise.all((await documents(root)).map((file) => readPassages(root, file)))).flat();
  const byId = new Map(passages.map((passage, id) => [id, { ...passage, id }]));
  const index = new MiniSearch<Passage>({
    fields: ['heading', 'text'],
    processTerm: (term) => (stopWords.has(term.toLowerCase()) ? null : term.toLowerCase()),
  });
  index.addAll([...byId.values()]);

  return {
    info: { kind: 'embedded', description: introduction },
    async *answer(turns, { said, signal }) {
      const question = turns.at(-1)?.content ?? '';
      const found = bestOfEachSection(
        index
          .search(question, { boostDocument: (id: number) => weigh(byId.get(id)), prefix: true, fuzzy: 0.1 })
          .flatMap(({ id }) => byId.get(id as number) ?? []),
      ).slice(0, 3);
      // Once a conversation: the page says it all the time.
      const answer = turns.length > 1 ? compose(found) : `${introduction}\n\n${compose(found)}`;
      // The same question has the same result, unless the documents have changed meanwhile.
      const rest = answer.startsWith(said) ? answer.slice(said.length) : `\n\n${answer}`;
      for (const token of rest.match(/\s*\S+/g) ?? []) {
        await delay(tokenDelayMs, undefined, { signal });
        yield token;
      }
    },
  };
}

/** Explanations rank before troubleshooting: a question about a gap is rarely about a fault. */
function weigh(passage: Passage | undefined): number {
  return passage?.file === 'docs/troubleshooting.md' ? 0.6 : 1;
}

function bestOfEachSection(passages: readonly Passage[]): Passage[] {
  const best = new Map<string, Passage>();
  for (const passage of passages) {
    const section = `${passage.file}#${passage.heading}`;
    if (!best.has(section)) best.set(section, passage);
  }
  return [...best.values()];
}

function compose(found: readonly Passage[]): string {
  if (found.length === 0)
    return 'I found nothing about that. Try words of the documentation: token, gap, reconnect, replay.';
  return found.map(({ file, heading, text }) => `${file}, “${heading}”: ${quote(text)}`).join('\n\n');
}

function quote(text: string): string {
  const words = text.split(/\s+/);
  return words.length <= maxQuoteWords ? text : `${words.slice(0, maxQuoteWords).join(' ')} …`;
}

async function documents(root: string): Promise<string[]> {
  const inDocs = await readdir(join(root, 'docs')).catch(() => []);
  const packages = await readdir(join(root, 'packages'));
  return [
    'README.md',
    'PROTOCOL.md',
    // It quotes English only, and says so.
    ...inDocs.filter((name) => name.endsWith('.md') && !name.endsWith('.fr.md')).map((name) => `docs/${name}`),
    ...packages.map((name) => `packages/${name}/README.md`),
  ];
}

/** An item that only refers to another page. */
const pointer = /^(Shown by|Code):/;

/** Code and tables are left out: quoted in a chat, they are noise. */
async function readPassages(root: string, file: string): Promise<Omit<Passage, 'id'>[]> {
  // A document may be missing in a checkout.
  const markdown = await readFile(join(root, file), 'utf8').catch(() => '');
  return markdown
    .replaceAll(/```[\s\S]*?```|<!--[\s\S]*?-->/g, '')
    .split(/^#{1,4} /m)
    .slice(1)
    .flatMap((section) => {
      const [heading = '', ...lines] = section.split('\n');
      const body = lines.filter((line) => !line.startsWith('|')).join('\n');
      return body.split(/\n\s*\n|^(?=- )/m).map((text) => ({ file, heading: plain(heading), text: plain(text) }));
    })
    .filter(({ text }) => text.length > 40 && !pointer.test(text));
}

/** Markdown without its markup. */
function plain(markdown: string): string {
  return markdown
    .replaceAll(/!?\[([^\]]*)\]\([^)]*\)/g, '$1')
    .replaceAll(/[*`]|^- /g, '')
    .replaceAll(/\s+/g, ' ')
    .trim();
}

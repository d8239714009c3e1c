import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import MiniSearch from 'minisearch';
import type { Assistant } from './assistant.ts';

export interface DocsAssistantOptions {
  /** The repository, whose Markdown is what the assistant knows. */
  readonly root: string;
  /** The pause between two tokens: without it, the answer would be there at once, and show nothing of streaming. Default 20 ms. */
  readonly tokenDelayMs?: number;
}

interface Section {
  readonly id: number;
  readonly file: string;
  readonly heading: string;
  readonly text: string;
}

const introduction = 'I am the embedded assistant: no language model, only a search in Sillage’s own documentation.';
const maxQuoteWords = 90;

/** Answers out of the project's own documentation, by full-text search. It says so in every answer. */
export async function createDocsAssistant({ root, tokenDelayMs = 20 }: DocsAssistantOptions): Promise<Assistant> {
  const sections = (await Promise.all((await documents(root)).map((file) => readSections(root, file)))).flat();
  const byId = new Map(sections.map((section, id) => [id, { ...section, id }]));
  const index = new MiniSearch<Section>({ fields: ['heading', 'text'], storeFields: [] });
  index.addAll([...byId.values()]);

  return {
    info: { kind: 'embedded', description: introduction },
    async *answer(turns, signal) {
      const question = turns.at(-1)?.content ?? '';
      const found = index
        .search(question, { boost: { heading: 2 }, prefix: true, fuzzy: 0.2 })
        .slice(0, 2)
        .flatMap(({ id }) => byId.get(id as number) ?? []);
      for (const token of `${introduction}\n\n${compose(found)}`.match(/\s*\S+/g) ?? []) {
        await delay(tokenDelayMs, undefined, { signal });
        yield token;
      }
    },
  };
}

function compose(found: readonly Section[]): string {
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
    ...inDocs.filter((name) => name.endsWith('.md')).map((name) => `docs/${name}`),
    ...packages.map((name) => `packages/${name}/README.md`),
  ];
}

/** One section a heading. Code and tables are left out: quoted in a chat, they are noise. */
async function readSections(root: string, file: string): Promise<Omit<Section, 'id'>[]> {
  // A document that a checkout does not have is one that the assistant does not know.
  const markdown = await readFile(join(root, file), 'utf8').catch(() => '');
  return markdown
    .replaceAll(/```[\s\S]*?```/g, '')
    .split(/^#{1,4} /m)
    .slice(1)
    .map((part) => {
      const [heading = '', ...lines] = part.split('\n');
      const text = lines
        .filter((line) => !line.startsWith('|'))
        .join(' ')
        .replaceAll(/[*`]|\]\([^)]*\)|\[/g, '')
        .replaceAll(/\s+/g, ' ')
        .trim();
      return { file, heading: heading.replaceAll(/[*`]/g, ''), text };
    })
    .filter(({ text }) => text.length > 40);
}

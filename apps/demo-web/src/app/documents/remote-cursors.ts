import { StateEffect, StateField, type Extension, type Range } from '@codemirror/state';
import { Decoration, EditorView, ViewPlugin, WidgetType, type DecorationSet, type ViewUpdate } from '@codemirror/view';
import type { DocumentCursor } from 'demo-contract';
import { toneOf } from './tone';

type IndexOf = (place: string) => number | null;

/** Tells the editor where the others are. */
export const setRemoteCursors = StateEffect.define<readonly DocumentCursor[]>();

const cursors = StateField.define<readonly DocumentCursor[]>({
  create: () => [],
  update: (value, { effects }) => effects.find((effect) => effect.is(setRemoteCursors))?.value ?? value,
});

/**
 * Shows where the others are, and what they have selected. y-codemirror's own would do it by style attributes, which the page's
 * Content-Security-Policy forbids; these are classes.
 */
export function remoteCursors(indexOf: IndexOf): Extension {
  const plugin = ViewPlugin.define(
    (view) => ({
      decorations: decorate(view, indexOf),
      update({ view: changed, docChanged, transactions }: ViewUpdate) {
        const told = transactions.some(({ effects }) => effects.some((effect) => effect.is(setRemoteCursors)));
        if (docChanged || told) this.decorations = decorate(changed, indexOf);
      },
    }),
    { decorations: ({ decorations }) => decorations },
  );
  return [cursors, plugin, theme];
}

class Caret extends WidgetType {
  readonly #name: string;
  readonly #tone: number;

  constructor(name: string, tone: number) {
    super();
    this.#name = name;
    this.#tone = tone;
  }

  override eq(other: Caret): boolean {
    return other.#name === this.#name && other.#tone === this.#tone;
  }

  override toDOM(): HTMLElement {
    const caret = document.createElement('span');
    caret.className = `cm-remote-caret tone-${this.#tone}`;
    // A list beside the editor says who is here: in the text itself, names would be read out as text.
    caret.setAttribute('aria-hidden', 'true');
    // Written by the styles, so that it is no part of the text, to whoever selects or copies it either.
    caret.dataset.name = this.#name;
    return caret;
  }

  override ignoreEvent(): boolean {
    return true;
  }
}

function decorate({ state }: EditorView, indexOf: IndexOf): DecorationSet {
  const { length } = state.doc;
  const ranges: Range<Decoration>[] = [];
  for (const { clientId, person, range } of state.field(cursors)) {
    const anchor = range === null ? null : indexOf(range.anchor);
    const head = range === null ? null : indexOf(range.head);
    if (anchor === null || head === null) continue;
    const tone = toneOf(clientId);
    // Within the text as the editor has it: Yjs may be an update ahead.
    const [from, to] = [Math.min(anchor, head, length), Math.min(Math.max(anchor, head), length)];
    if (from < to) ranges.push(Decoration.mark({ class: `cm-remote-selection tone-${tone}` }).range(from, to));
    ranges.push(Decoration.widget({ widget: new Caret(person.name, tone), side: 1 }).range(Math.min(head, length)));
  }
  return Decoration.set(ranges, true);
}

const theme = EditorView.theme({
  '.cm-remote-caret': {
    position: 'relative',
    marginInline: '-1px',
    borderInlineStart: '2px solid var(--tone)',
  },
  '.cm-remote-caret::before': {
    content: 'attr(data-name)',
    position: 'absolute',
    insetBlockEnd: '100%',
    insetInlineStart: '-2px',
    zIndex: '1',
    padding: '0 0.35rem',
    borderRadius: '0.4rem 0.4rem 0.4rem 0',
    background: 'var(--tone)',
    color: 'var(--sea-page)',
    fontSize: '0.625rem',
    fontWeight: '600',
    lineHeight: '1.2',
    whiteSpace: 'nowrap',
    pointerEvents: 'none',
    userSelect: 'none',
  },
  '.cm-remote-selection': { background: 'color-mix(in srgb, var(--tone) 24%, transparent)' },
});

import { Compartment, EditorState } from '@codemirror/state';
import { EditorView, keymap } from '@codemirror/view';
import { minimalSetup } from 'codemirror';
import { yCollab, yUndoManagerKeymap } from 'y-codemirror.next';
import type { DocumentCursor } from 'demo-contract';
import type { DocumentText } from './document-text';
import { remoteCursors, setRemoteCursors } from './remote-cursors';

interface EditorOptions {
  readonly parent: HTMLElement;
  readonly text: DocumentText;
  readonly label: string;
  /** What the styles carry that the editor adds; `null`: nothing. */
  readonly nonce: string | null;
  /** Called when the person's own selection has moved. */
  readonly onSelection: (selection: { readonly anchor: number; readonly head: number }) => void;
}

/** The editor of a page. */
export interface DocumentEditor {
  /** Until then the text cannot be written: what is written before the snapshot would be written into nothing. */
  open(): void;
  showCursors(cursors: readonly DocumentCursor[]): void;
  destroy(): void;
}

export function createEditor({ parent, text, label, nonce, onSelection }: EditorOptions): DocumentEditor {
  const access = new Compartment();
  const view = new EditorView({
    parent,
    state: EditorState.create({
      doc: text.text.toJSON(),
      extensions: [
        ...(nonce === null ? [] : [EditorView.cspNonce.of(nonce)]),
        // Before the editor's own: undo takes back what this person wrote, and nothing of others.
        keymap.of(yUndoManagerKeymap),
        minimalSetup,
        EditorView.lineWrapping,
        EditorView.contentAttributes.of({ 'aria-label': label }),
        access.of(EditorState.readOnly.of(true)),
        yCollab(text.text, null),
        remoteCursors((place) => text.indexOf(place)),
        EditorView.updateListener.of(({ selectionSet, docChanged, state }) => {
          if (!selectionSet && !docChanged) return;
          const { anchor, head } = state.selection.main;
          onSelection({ anchor, head });
        }),
        theme,
      ],
    }),
  });
  return {
    open: () => view.dispatch({ effects: access.reconfigure(EditorState.readOnly.of(false)) }),
    showCursors: (cursors) => view.dispatch({ effects: setRemoteCursors.of(cursors) }),
    destroy: () => view.destroy(),
  };
}

const theme = EditorView.theme({
  '&': { minHeight: '55dvh', fontSize: '1rem' },
  '&.cm-focused': { outline: 'none' },
  '.cm-scroller': { fontFamily: 'inherit', lineHeight: '1.9' },
  '.cm-content': { padding: '1.5rem 0', minHeight: '55dvh', caretColor: 'var(--sea-ink)' },
  '.cm-line': { padding: '0 1.5rem' },
  '.cm-cursor': { borderInlineStartColor: 'var(--sea-ink)' },
  '&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground': { background: 'var(--sea-tint)' },
  '.cm-selectionBackground': { background: 'var(--sea-wash)' },
});

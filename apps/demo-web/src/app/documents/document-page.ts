import {
  afterNextRender,
  Component,
  computed,
  CSP_NONCE,
  DestroyRef,
  effect,
  inject,
  input,
  linkedSignal,
  signal,
  untracked,
  viewChild,
  type ElementRef,
} from '@angular/core';
import { takeUntilDestroyed } from '@angular/core/rxjs-interop';
import { Title } from '@angular/platform-browser';
import { RouterLink } from '@angular/router';
import type { DocumentCursor, DocumentEvent, NewDocumentCursor } from 'demo-contract';
import { EMPTY, Subject, catchError, concatMap, throttleTime } from 'rxjs';
import { describeError, DocumentApi, SseApiService } from '@app/api';
import { pageTitle } from '@app/page-title';
import { StreamBar, StreamView } from '@app/stream';
import { createEditor, type DocumentEditor } from './create-editor';
import { fromBase64 } from './base64';
import { DocumentText } from './document-text';
import { toneOf } from './tone';
import { UnsentUpdates } from './unsent-updates';
import { UpdateSender, type SavedState } from './update-sender';

/** How often the others are told where this person is. */
const cursorMs = 300;

/** A document, as everybody writes it who has it open. */
@Component({
  selector: 'app-document-page',
  imports: [RouterLink, StreamBar],
  templateUrl: './document-page.html',
  styleUrl: './document-page.scss',
})
export class DocumentPage {
  readonly #sse = inject(SseApiService);
  readonly #api = inject(DocumentApi);
  readonly #destroyRef = inject(DestroyRef);
  readonly #pageTitle = inject(Title);
  readonly #unsent = inject(UnsentUpdates);
  readonly #nonce = inject(CSP_NONCE, { optional: true });
  /** One a page: a person may have several. */
  readonly #clientId = crypto.randomUUID();
  readonly #cursors = signal<ReadonlyMap<string, DocumentCursor>>(new Map());
  readonly #ownRange = new Subject<NewDocumentCursor['range']>();
  protected readonly editorElementRef = viewChild.required<ElementRef<HTMLElement>>('editor');
  #selection = { anchor: 0, head: 0 };
  readonly #text: DocumentText = new DocumentText(() => this.#sender.schedule());
  readonly #sender = new UpdateSender({
    text: this.#text,
    send: (update) => this.#api.sendUpdate(this.documentId(), { clientId: this.#clientId, update }),
    onState: (state, error) => {
      this.saved.set(state);
      this.problem.set(error === null ? null : describeError(error));
    },
    keep: (unsent) => this.#unsent.keep(this.documentId(), unsent),
    isWanted: () => this.#unsent.isWanted(),
  });

  /** From the route. A page is one document's: the way to another leads through the list. */
  readonly documentId = input.required<string>();

  protected readonly view = new StreamView<DocumentEvent>({ maxItems: 1, onData: (event) => this.#take(event) });
  protected readonly title = signal('…');
  protected readonly saved = signal<SavedState>('saved');
  /** A document that cannot be opened has no text, and nothing to say about its being saved. */
  protected readonly isThere = computed(() => {
    const state = this.view.state();
    return state.status !== 'closed' || this.view.received() > 0;
  });
  protected readonly savedText = computed(() => savedText(this.saved()));
  /** That what was written is not saved, and that it is again: said with every word that is typed, it would be noise. */
  protected readonly announced = linkedSignal<SavedState, string>({
    source: this.saved,
    computation: (saved, previous) => {
      if (saved === 'failing') return savedText(saved);
      const wasFailing = previous?.value === savedText('failing');
      return wasFailing ? savedText(saved === 'saved' ? 'saved' : 'failing') : '';
    },
  });
  protected readonly problem = signal<string | null>(null);
  protected readonly people = computed(() =>
    [...this.#cursors().values()].map(({ clientId, person }) => ({
      clientId,
      name: person.name,
      tone: toneOf(clientId),
    })),
  );

  constructor() {
    const editor = signal<DocumentEditor | null>(null);
    afterNextRender(() => {
      const created = createEditor({
        parent: this.editorElementRef().nativeElement,
        text: this.#text,
        label: $localize`:@@documents.editor:Text of the document`,
        nonce: this.#nonce,
        onSelection: (selection) => {
          this.#selection = selection;
          this.#tellSelection();
        },
      });
      editor.set(created);
      this.#destroyRef.onDestroy(() => created.destroy());
      this.view.open((config) => this.#sse.connectToCollaborativeEditing(this.documentId(), config));
      this.#loadTitle();
      this.#sendOwnRange();
    });
    effect(() => editor()?.showCursors([...this.#cursors().values()]));
    effect(() => {
      if (this.view.received() > 0) editor()?.open();
    });
    effect(() => {
      if (this.view.state().status !== 'open') return;
      untracked(() => {
        // Back again: what could not be sent meanwhile goes now, not after the next wait.
        this.#sender.flush();
        // Whoever's stream was cut off was taken for gone.
        this.#tellSelection();
      });
    });
    const warn = (event: BeforeUnloadEvent): void => {
      if (this.saved() !== 'saved') event.preventDefault();
    };
    addEventListener('beforeunload', warn);
    this.#destroyRef.onDestroy(() => {
      removeEventListener('beforeunload', warn);
      this.#sender.close();
      this.#text.destroy();
    });
  }

  #take(event: DocumentEvent): void {
    switch (event.kind) {
      case 'snapshot': {
        this.#text.receive(event.update);
        this.#takeUnsent();
        const others = event.people.filter(({ clientId }) => clientId !== this.#clientId);
        this.#cursors.set(new Map(others.map((cursor) => [cursor.clientId, cursor])));
        break;
      }
      case 'update':
        this.#text.receive(event.update);
        break;
      case 'cursor':
        this.#moveCursor(event.cursor);
        break;
    }
  }

  /** What an earlier page could not send is written again, once the text is here that it belongs to. */
  #takeUnsent(): void {
    if (this.#text.hasUnsent) return;
    const unsent = this.#unsent.read(this.documentId());
    if (unsent === null) return;
    this.#text.adopt(fromBase64(unsent));
    this.#sender.schedule();
  }

  #moveCursor(cursor: DocumentCursor): void {
    if (cursor.clientId === this.#clientId) return;
    this.#cursors.update((cursors) => {
      const changed = new Map(cursors);
      if (cursor.range === null) changed.delete(cursor.clientId);
      else changed.set(cursor.clientId, cursor);
      return changed;
    });
  }

  #tellSelection(): void {
    const { anchor, head } = this.#selection;
    this.#ownRange.next({ anchor: this.#text.placeOf(anchor), head: this.#text.placeOf(head) });
  }

  #sendOwnRange(): void {
    const send = (range: NewDocumentCursor['range']) =>
      // A cursor that is not told is no loss: the next move tells it.
      this.#api.sendCursor(this.documentId(), { clientId: this.#clientId, range }).pipe(catchError(() => EMPTY));
    this.#ownRange
      .pipe(
        throttleTime(cursorMs, undefined, { leading: true, trailing: true }),
        concatMap(send),
        takeUntilDestroyed(this.#destroyRef),
      )
      .subscribe();
    this.#destroyRef.onDestroy(() => send(null).subscribe());
  }

  #loadTitle(): void {
    this.#api
      .all()
      .pipe(takeUntilDestroyed(this.#destroyRef))
      .subscribe({
        next: (documents) => {
          const title = documents.find(({ id }) => id === this.documentId())?.title;
          this.title.set(title ?? $localize`:@@documents.unknown:Document`);
          this.#pageTitle.setTitle(pageTitle(this.title()));
        },
        error: (error: unknown) => this.problem.set(describeError(error)),
      });
  }
}

function savedText(saved: SavedState): string {
  switch (saved) {
    case 'saved':
      return $localize`:@@documents.saved:Everything is saved`;
    case 'saving':
      return $localize`:@@documents.saving:Saving…`;
    case 'failing':
      return $localize`:@@documents.failing:Not saved yet: it is kept here, and sent again`;
  }
}

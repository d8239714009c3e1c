/** The text of `counter.ts`, which runs next to it. A test compares the two. */
export const counterSource = `import { Component, inject } from '@angular/core';
import { toSignal } from '@angular/core/rxjs-interop';
import { SseClient } from '@sillage/angular';

@Component({
  selector: 'app-counter',
  template: \`<output aria-live="off">{{ event()?.data?.seq }}</output>\`,
})
export class Counter {
  readonly #stream = inject(SseClient).stream<{ seq: number }>('showcase/stream', { authentication: null });
  protected readonly event = toSignal(this.#stream);
}
`;

import { afterRenderEffect, Directive, ElementRef, inject, input } from '@angular/core';

/** How far from the end still counts as reading the end. */
const nearPx = 80;

/** Keeps a scrolling list at its end as it grows, unless the person has scrolled back to read. */
@Directive({ selector: '[appStickToEnd]', host: { '(scroll)': 'onScroll()' } })
export class StickToEnd {
  readonly #element = inject<ElementRef<HTMLElement>>(ElementRef).nativeElement;
  #follows = true;

  /** What the list grows with. */
  readonly growth = input.required<unknown>({ alias: 'appStickToEnd' });

  constructor() {
    afterRenderEffect(() => {
      this.growth();
      if (this.#follows) this.#element.scrollTop = this.#element.scrollHeight;
    });
  }

  protected onScroll(): void {
    const { scrollHeight, scrollTop, clientHeight } = this.#element;
    this.#follows = scrollHeight - scrollTop - clientHeight < nearPx;
  }
}

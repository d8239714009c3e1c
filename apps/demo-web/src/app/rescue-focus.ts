import { afterEveryRender, DestroyRef, inject } from '@angular/core';

const focusable = 'a[href], button:enabled, input:enabled, select:enabled, textarea:enabled, summary, [tabindex="0"]';

/**
 * Catches the focus of a control that has gone, or that cannot be used any more, such as the button that sent a form. Left on nothing, the
 * next Tab would begin at the top of the page. It goes to the control before it in its form or section, else to what `fallback` finds.
 * Call it in an injection context.
 */
export function rescueFocus(fallback: () => HTMLElement | null): void {
  let last: { readonly element: HTMLElement; readonly before: readonly HTMLElement[] } | null = null;

  const onFocus = ({ target }: FocusEvent): void => {
    if (!(target instanceof HTMLElement)) return;
    // Noted now: once the control has gone, nobody can tell what it stood after.
    const all = [...(target.closest('form, section, dialog')?.querySelectorAll<HTMLElement>(focusable) ?? [])];
    last = { element: target, before: all.slice(0, Math.max(0, all.indexOf(target))).reverse() };
  };
  // Whoever points somewhere has left the control by themselves.
  const onPointer = (): void => {
    last = null;
  };
  document.addEventListener('focusin', onFocus);
  document.addEventListener('pointerdown', onPointer);
  inject(DestroyRef).onDestroy(() => {
    document.removeEventListener('focusin', onFocus);
    document.removeEventListener('pointerdown', onPointer);
  });

  afterEveryRender({
    read: () => {
      if (last === null || isUsable(last.element)) return;
      const { element, before } = last;
      last = null;
      if (document.activeElement !== document.body && document.activeElement !== element) return;
      (before.find(isUsable) ?? fallback())?.focus({ preventScroll: true });
    },
  });
}

function isUsable(element: HTMLElement): boolean {
  return element.isConnected && !element.matches(':disabled') && element.checkVisibility();
}

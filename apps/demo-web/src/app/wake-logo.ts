import { Component } from '@angular/core';

/** The wake of a boat: three lines that part behind one point. */
@Component({
  selector: 'app-wake-logo',
  template: `
    <svg viewBox="0 0 32 32" aria-hidden="true">
      <path d="M28 5C17 8 8 15 4 28" />
      <path d="M28 5c-7 4-12 12-14 23" opacity=".7" />
      <path d="M28 5c-3 6-4 13-4 23" opacity=".4" />
    </svg>
  `,
  styles: `
    :host {
      display: inline-block;
      line-height: 0;
      color: var(--sea-link);
    }
    svg {
      width: 100%;
      fill: none;
      stroke: currentColor;
      stroke-width: 2.6;
      stroke-linecap: round;
    }
  `,
})
export class WakeLogo {}

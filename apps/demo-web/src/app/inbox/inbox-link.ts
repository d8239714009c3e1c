import { Component, inject } from '@angular/core';
import { RouterLink } from '@angular/router';
import { NoticeInbox } from './notice-inbox';

/** The way to the notices from every page, with the number of those that are unread. */
@Component({
  selector: 'app-inbox-link',
  imports: [RouterLink],
  template: `
    <a routerLink="/notifications" [attr.data-unread]="inbox.unread()">
      <svg viewBox="0 0 24 24" aria-hidden="true">
        <path d="M6.5 10a5.5 5.5 0 0 1 11 0c0 5 2 6.5 2 6.5h-15s2-1.5 2-6.5M10 19.5a2 2 0 0 0 4 0" />
      </svg>
      @if (inbox.unread() > 0) {
        <span class="count" aria-hidden="true">{{ inbox.unread() > 99 ? '99+' : inbox.unread() }}</span>
      }
      <span class="unseen" i18n="@@inbox.unread">Inbox, unread: {{ inbox.unread() }}</span>
    </a>
  `,
  styles: `
    a {
      position: relative;
      display: inline-grid;
      place-items: center;
      width: 2.25rem;
      height: 2.25rem;
      border-radius: 50%;
      color: var(--sea-link);
      &:hover {
        background: var(--sea-wash);
      }
    }
    svg {
      width: 1.4rem;
      fill: none;
      stroke: currentColor;
      stroke-width: 1.8;
      stroke-linecap: round;
      stroke-linejoin: round;
    }
    .count {
      position: absolute;
      inset: -0.1rem -0.2rem auto auto;
      min-width: 1.15rem;
      padding: 0 0.3rem;
      border-radius: 1rem;
      background: var(--sea-count);
      color: var(--sea-on-count);
      font-size: 0.6875rem;
      font-weight: 650;
      line-height: 1.15rem;
      text-align: center;
    }
  `,
})
export class InboxLink {
  protected readonly inbox = inject(NoticeInbox);
}

import { Component, inject } from '@angular/core';
import { RouterLink } from '@angular/router';
import { Account } from '@app/sign-in';
import { SecurityCard } from './security-card';

/** The home of whoever is signed in. */
@Component({
  selector: 'app-home',
  imports: [RouterLink, SecurityCard],
  templateUrl: './home.html',
  styleUrl: './home.scss',
})
export class Home {
  protected readonly account = inject(Account);
  protected readonly pages = [
    {
      path: '/notifications',
      name: 'Notifications',
      what: 'Tell somebody something. It is on their page at once, and on nobody else’s.',
    },
    {
      path: '/chat',
      name: 'Chat',
      what: 'A session to talk in: what was said before, then what is said now, with nothing lost between.',
    },
    {
      path: '/events',
      name: 'Events',
      what: 'Four types of events on one stream, and a list that shows the types you ask for.',
    },
    {
      path: '/assistant',
      name: 'Assistant',
      what: 'A question by POST, an answer that streams in token by token and completes.',
    },
  ] as const;
}

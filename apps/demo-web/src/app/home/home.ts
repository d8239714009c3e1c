import { Component, inject } from '@angular/core';
import { RouterLink } from '@angular/router';
import { pageGroups } from '@app/pages';
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
  protected readonly groups = pageGroups;
}

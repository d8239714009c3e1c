import { Component, inject } from '@angular/core';
import { MatButton } from '@angular/material/button';
import { RouterLink } from '@angular/router';
import { pageGroupsOf } from '@app/pages';
import { Account, openBeside } from '@app/sign-in';
import { WEB_CONFIG } from '@app/web-config';
import { SecurityCard } from './security-card';

/** The home of whoever is signed in. */
@Component({
  selector: 'app-home',
  imports: [MatButton, RouterLink, SecurityCard],
  templateUrl: './home.html',
  styleUrl: './home.scss',
})
export class Home {
  protected readonly account = inject(Account);
  protected readonly groups = pageGroupsOf(inject(WEB_CONFIG));
  protected readonly isSimulated = inject(WEB_CONFIG).identityProvider === 'emulator';

  protected openBob(): void {
    openBeside('bob', 'chat/lobby');
  }
}

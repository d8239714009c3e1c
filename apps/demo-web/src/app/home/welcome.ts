import { Component, inject } from '@angular/core';
import { MatButton } from '@angular/material/button';
import { Account } from '@app/sign-in';

/** The home of whoever is not signed in. */
@Component({
  selector: 'app-welcome',
  imports: [MatButton],
  templateUrl: './welcome.html',
  styleUrl: './welcome.scss',
})
export class Welcome {
  protected readonly account = inject(Account);
}

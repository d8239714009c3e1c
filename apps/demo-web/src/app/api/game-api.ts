import { Injectable } from '@angular/core';
import { BaseMsalApiService } from '@sillage/angular/msal';
import type { NewMove } from 'demo-contract';
import type { Observable } from 'rxjs';

/** What a player may do. The referee is the API: what it allows comes back on the game's stream. */
@Injectable({ providedIn: 'root' })
export class GameApi extends BaseMsalApiService {
  takeSeat(gameId: string): Observable<unknown> {
    return this.post(`games/${encodeURIComponent(gameId)}/players`, null);
  }

  /** In demo mode: the simulated colleague takes the other seat. */
  inviteOpponent(gameId: string): Observable<unknown> {
    return this.post(`games/${encodeURIComponent(gameId)}/opponent`, null);
  }

  move(gameId: string, move: NewMove): Observable<unknown> {
    return this.post(`games/${encodeURIComponent(gameId)}/moves`, move);
  }

  rematch(gameId: string): Observable<unknown> {
    return this.post(`games/${encodeURIComponent(gameId)}/rematch`, null);
  }
}

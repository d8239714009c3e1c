import type { Person } from './people.ts';

/** An event of `games/stream/:gameId`: the whole state, after every move. The game is noughts and crosses. */
export interface GameState {
  readonly gameId: string;
  /** Nine cells, row by row. */
  readonly board: readonly ('X' | 'O' | null)[];
  readonly players: { readonly X: Person | null; readonly O: Person | null };
  readonly turn: 'X' | 'O';
  readonly status: 'waiting-for-players' | 'playing' | 'won' | 'drawn';
  readonly winner: 'X' | 'O' | null;
  readonly spectators: number;
  readonly moves: number;
}

/** `POST games/:gameId/moves`. `POST games/:gameId/players` takes a free seat, `POST games/:gameId/rematch` begins anew. */
export interface NewMove {
  /** 0 to 8. */
  readonly cell: number;
}

import type { GameState } from 'demo-contract';

type Mark = 'X' | 'O';

/** The seat of a person; `null`: they watch. */
export function seatOf({ players }: GameState, personId: string | null): Mark | null {
  if (personId === null) return null;
  if (players.X?.id === personId) return 'X';
  return players.O?.id === personId ? 'O' : null;
}

/** What a game waits for, or how it ended, for this person. */
export function describeGame(game: GameState, personId: string | null): string {
  const seat = seatOf(game, personId);
  switch (game.status) {
    case 'waiting-for-players':
      return seat === null
        ? $localize`:@@game.waiting:A seat is free. Take it to play.`
        : $localize`:@@game.waiting-other:You play ${seat}:mark:. Waiting for somebody to take the other seat.`;
    case 'playing':
      if (seat === game.turn) return $localize`:@@game.your-turn:Your turn: you play ${seat}:mark:.`;
      return $localize`:@@game.turn:It is the turn of ${nameOf(game, game.turn)}:name: (${game.turn}:mark:).`;
    case 'won': {
      const { winner } = game;
      if (winner === null) return $localize`:@@game.drawn:A draw: nobody has won.`;
      if (seat === winner) return $localize`:@@game.you-won:You have won.`;
      return $localize`:@@game.won:${nameOf(game, winner)}:name: (${winner}:mark:) has won.`;
    }
    case 'drawn':
      return $localize`:@@game.drawn:A draw: nobody has won.`;
  }
}

/** What a cell is to whoever cannot see it. Rows and columns count from one. */
export function describeCell({ board }: GameState, cell: number): string {
  const row = Math.floor(cell / 3) + 1;
  const column = (cell % 3) + 1;
  const mark = board[cell] ?? null;
  return mark === null
    ? $localize`:@@game.cell-empty:Row ${row}:row:, column ${column}:column:: empty`
    : $localize`:@@game.cell:Row ${row}:row:, column ${column}:column:: ${mark}:mark:`;
}

/** The cell that an arrow key leads to, within the board; `null` for another key, and at the edge. */
export function neighbour(cell: number, key: string): number | null {
  const column = cell % 3;
  if (key === 'ArrowLeft') return column > 0 ? cell - 1 : null;
  if (key === 'ArrowRight') return column < 2 ? cell + 1 : null;
  if (key === 'ArrowUp') return cell >= 3 ? cell - 3 : null;
  return key === 'ArrowDown' && cell < 6 ? cell + 3 : null;
}

function nameOf({ players }: GameState, mark: Mark): string {
  return players[mark]?.name ?? mark;
}

import type { GameState } from 'demo-contract';
import { nora } from '../people/sample-colleague.ts';
import { move, type Game } from './referee.ts';

/** Where she plays next: to win, else to keep the other from winning, else the best free cell. The same board has the same answer. */
export function chooseCell(game: Game, mark: 'X' | 'O'): number {
  const free = preference.filter((cell) => game.board[cell] === null);
  const wins = (cell: number, by: 'X' | 'O'): boolean => {
    const player = game.players[by];
    return player !== null && move({ ...game, turn: by }, player, cell).status === 'won';
  };
  const other = mark === 'X' ? 'O' : 'X';
  return free.find((cell) => wins(cell, mark)) ?? free.find((cell) => wins(cell, other)) ?? free[0] ?? 0;
}

/** Whether it is her turn. */
export function isOpponentsTurn({ status, players, turn }: Pick<GameState, 'status' | 'players' | 'turn'>): boolean {
  return status === 'playing' && players[turn]?.id === nora.id;
}

/** The middle, the corners, the sides. */
const preference = [4, 0, 2, 6, 8, 1, 3, 5, 7];

import type { GameState, Person } from 'demo-contract';

/** The stored part of a game: everything but the spectators. */
export type Game = Omit<GameState, 'spectators'>;

/** A change that the rules do not allow. */
export class NotAllowed extends Error {
  override readonly name = 'NotAllowed';
  /** Stable over versions. */
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}

const lines = [
  [0, 1, 2],
  [3, 4, 5],
  [6, 7, 8],
  [0, 3, 6],
  [1, 4, 7],
  [2, 5, 8],
  [0, 4, 8],
  [2, 4, 6],
] as const;

export function createGame(gameId: string, players: Game['players'] = { X: null, O: null }): Game {
  return {
    gameId,
    board: Array<null>(9).fill(null),
    players,
    turn: 'X',
    status: players.X === null || players.O === null ? 'waiting-for-players' : 'playing',
    winner: null,
    moves: 0,
  };
}

/** @throws NotAllowed */
export function takeSeat(game: Game, person: Person): Game {
  if (seatOf(game, person) !== undefined) return game;
  const seat = game.players.X === null ? 'X' : 'O';
  if (game.players[seat] !== null) {
    throw new NotAllowed('no-free-seat', 'Both seats are taken: you can watch.');
  }
  const players = { ...game.players, [seat]: person };
  const isFull = players.X !== null && players.O !== null;
  return { ...game, players, status: isFull ? 'playing' : game.status };
}

/** @throws NotAllowed */
export function move(game: Game, person: Person, cell: number): Game {
  const seat = seatOf(game, person);
  if (seat === undefined) throw notAPlayer();
  if (game.status === 'waiting-for-players') {
    throw new NotAllowed('waiting-for-players', 'The game begins once both seats are taken.');
  }
  if (game.status !== 'playing') throw new NotAllowed('game-over', 'The game is over: ask for a rematch.');
  if (game.turn !== seat)
    throw new NotAllowed('not-your-turn', `It is ${game.turn}’s turn: wait for the other’s move.`);
  if (game.board[cell] !== null) throw new NotAllowed('cell-taken', 'This cell is taken: choose a free one.');
  const board = game.board.with(cell, seat);
  const moves = game.moves + 1;
  const hasWon = lines.some((line) => line.every((place) => board[place] === seat));
  if (hasWon) return { ...game, board, moves, status: 'won', winner: seat };
  if (moves === board.length) return { ...game, board, moves, status: 'drawn' };
  return { ...game, board, moves, turn: seat === 'X' ? 'O' : 'X' };
}

/** Starts a new game in which the other player begins. @throws NotAllowed */
export function rematch(game: Game, person: Person): Game {
  if (seatOf(game, person) === undefined) {
    throw new NotAllowed('not-a-player', 'Only those who played can ask for a rematch.');
  }
  if (game.status !== 'won' && game.status !== 'drawn') {
    throw new NotAllowed('game-not-over', 'The game is not over yet: finish it first.');
  }
  return createGame(game.gameId, { X: game.players.O, O: game.players.X });
}

export function notAPlayer(): NotAllowed {
  return new NotAllowed('not-a-player', 'You are not a player of this game: take a seat, or watch.');
}

/** The seat of a user; `undefined` if they watch. */
export function seatOf({ players }: Game, { id }: Person): 'X' | 'O' | undefined {
  if (players.X?.id === id) return 'X';
  return players.O?.id === id ? 'O' : undefined;
}

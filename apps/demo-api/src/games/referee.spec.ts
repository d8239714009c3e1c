import { describe, expect, it } from 'vitest';
import { createGame, move, rematch, takeSeat, type Game } from './referee.ts';

const ada = { id: 'ada', name: 'Ada', username: '' };
const bob = { id: 'bob', name: 'Bob', username: '' };
const eve = { id: 'eve', name: 'Eve', username: '' };
const begun = takeSeat(takeSeat(createGame('g'), ada), bob);
const play = (cells: readonly number[]): Game =>
  cells.reduce((game, cell, index) => move(game, index % 2 === 0 ? ada : bob, cell), begun);

describe('the referee', () => {
  it('seats two, and begins with the second', () => {
    expect(takeSeat(createGame('g'), ada)).toMatchObject({
      status: 'waiting-for-players',
      players: { X: ada, O: null },
    });
    expect(begun).toMatchObject({ status: 'playing', turn: 'X', players: { X: ada, O: bob } });
    expect(takeSeat(begun, ada)).toBe(begun);
  });

  it.each([
    ['a row', [0, 3, 1, 4, 2]],
    ['a column', [0, 1, 3, 4, 6]],
    ['a diagonal', [2, 0, 4, 1, 6]],
  ])('sees %s', (_, cells) => {
    expect(play(cells)).toMatchObject({ status: 'won', winner: 'X', moves: 5 });
  });

  it('sees a draw, and a win with the last move', () => {
    expect(play([0, 1, 2, 4, 3, 5, 7, 6, 8])).toMatchObject({ status: 'drawn', winner: null });
    expect(play([0, 1, 2, 3, 4, 5, 7, 6, 8])).toMatchObject({ status: 'won', winner: 'X', moves: 9 });
  });

  it.each([
    ['no-free-seat', () => takeSeat(begun, eve)],
    ['not-a-player', () => move(begun, eve, 0)],
    ['not-a-player', () => rematch(begun, eve)],
    ['waiting-for-players', () => move(takeSeat(createGame('g'), ada), ada, 0)],
    ['not-your-turn', () => move(begun, bob, 0)],
    ['cell-taken', () => move(play([0]), bob, 0)],
    ['game-over', () => move(play([0, 3, 1, 4, 2]), bob, 5)],
    ['game-not-over', () => rematch(begun, ada)],
  ])('does not allow %s', (code, act) => {
    expect(act).toThrow(expect.objectContaining({ code }));
  });

  it('lets the other one begin the rematch', () => {
    expect(rematch(play([0, 3, 1, 4, 2]), bob)).toEqual({ ...createGame('g', { X: bob, O: ada }), status: 'playing' });
  });
});

import type { GameState } from 'demo-contract';
import { describeCell, describeGame, neighbour, seatOf } from './describe-game';

describe('a game in words', () => {
  const alice = { id: 't.a', name: 'Alice Sample', username: 'alice@contoso.example' };
  const bob = { id: 't.b', name: 'Bob Sample', username: 'bob@contoso.example' };
  const playing: GameState = {
    gameId: 'table-1',
    board: ['X', null, null, null, 'O', null, null, null, null],
    players: { X: alice, O: bob },
    turn: 'X',
    status: 'playing',
    winner: null,
    spectators: 0,
    moves: 2,
  };

  it.each<[Partial<GameState>, string | null, string]>([
    [{}, alice.id, 'Your turn: you play X.'],
    [{}, bob.id, 'It is the turn of Alice Sample (X).'],
    [{}, null, 'It is the turn of Alice Sample (X).'],
    [{ status: 'waiting-for-players', players: { X: null, O: null } }, alice.id, 'A seat is free. Take it to play.'],
    [
      { status: 'waiting-for-players', players: { X: alice, O: null } },
      alice.id,
      'You play X. Waiting for somebody to take the other seat.',
    ],
    [{ status: 'won', winner: 'O' }, bob.id, 'You have won.'],
    [{ status: 'won', winner: 'O' }, alice.id, 'Bob Sample (O) has won.'],
    [{ status: 'drawn' }, alice.id, 'A draw: nobody has won.'],
  ])('%o for %s', (change, personId, sentence) => {
    expect(describeGame({ ...playing, ...change }, personId)).toBe(sentence);
  });

  it('knows who sits where', () => {
    expect([alice.id, bob.id, 'other', null].map((id) => seatOf(playing, id))).toEqual(['X', 'O', null, null]);
  });

  it('says what is in a cell, and where it is', () => {
    expect(describeCell(playing, 4)).toBe('Row 2, column 2: O');
    expect(describeCell(playing, 5)).toBe('Row 2, column 3: empty');
  });

  it('leads from cell to cell by arrow keys, and nowhere beyond the edge', () => {
    expect(['ArrowLeft', 'ArrowRight', 'ArrowUp', 'ArrowDown'].map((key) => neighbour(4, key))).toEqual([3, 5, 1, 7]);
    expect(['ArrowLeft', 'ArrowUp'].map((key) => neighbour(0, key))).toEqual([null, null]);
    expect(['ArrowRight', 'ArrowDown'].map((key) => neighbour(8, key))).toEqual([null, null]);
    expect(neighbour(4, 'Enter')).toBeNull();
  });
});

import type { GameState } from 'demo-contract';
import { describe, expect, it } from 'vitest';
import { nora } from '../people/sample-colleague.ts';
import { withApi } from '../with-api.fixture.ts';
import { chooseCell } from './opponent.ts';
import { createGame, type Game } from './referee.ts';

describe('the simulated opponent', () => {
  const held = withApi(() => ({ variables: { SAMPLE_DATA: 'on' } }));
  const ordinary = withApi();

  it.each([
    ['takes the middle first', '.........', 4],
    ['wins where it can', 'OO.XX....', 2],
    ['keeps the other from winning', 'XX.O.....', 2],
    ['takes the last cell', 'XOXXOOO.X', 7],
  ])('%s', (_what, board, cell) => {
    const you = { id: 'you', name: 'You', username: '' };
    const game: Game = {
      ...createGame('g', { X: you, O: nora }),
      board: Array.from(board, (mark) => (mark === 'X' || mark === 'O' ? mark : null)),
      turn: 'O',
    };
    expect(chooseCell(game, 'O')).toBe(cell);
  });

  it('takes the free seat when it is asked, answers each move, and is labelled', async () => {
    const { api } = held;
    const stream = api.follow<GameState>('alice', '/games/stream/table');
    await api.json('alice', 'POST', '/games/table/players');
    await api.json('alice', 'POST', '/games/table/opponent');
    await api.json('alice', 'POST', '/games/table/moves', { cell: 0 });
    const answered = (await stream.until(({ data }) => data.moves === 2)).at(-1)?.data;
    expect(answered?.players.O?.name).toBe('Nora (simulated)');
    expect(answered).toMatchObject({ board: ['X', null, null, null, 'O', null, null, null, null], turn: 'X' });
    stream.close();
  });

  it('does not exist without SAMPLE_DATA', async () => {
    expect((await ordinary.api.call('alice', 'POST', '/games/table/opponent')).status).toBe(404);
  });
});

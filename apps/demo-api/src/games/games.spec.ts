import type { GameState } from 'demo-contract';
import { describe, expect, it } from 'vitest';
import type { Who } from '../demo-api.fixture.ts';
import { withApi } from '../with-api.fixture.ts';

describe('a game', () => {
  const held = withApi();
  const act = (who: Who, game: string, what: string, body?: unknown) =>
    held.api.call(who, 'POST', `/games/${game}/${what}`, body);

  it('is shown as it is to a newcomer, and after every move to everybody', async () => {
    const watching = held.api.follow<GameState>('alice', '/games/stream/first');
    const [empty] = await watching.until(() => true);
    expect(empty?.data).toMatchObject({
      gameId: 'first',
      status: 'waiting-for-players',
      players: { X: null, O: null },
    });
    await act('alice', 'first', 'players');
    await act('bob', 'first', 'players');
    await watching.until(({ data }) => data.status === 'playing');
    const late = held.api.follow<GameState>('bob', '/games/stream/first');
    expect((await late.until(() => true))[0]?.data.players).toMatchObject({ O: { name: 'Bob Sample' } });
    for (const [index, cell] of [0, 3, 1, 4, 2].entries()) {
      expect((await act(index % 2 === 0 ? 'alice' : 'bob', 'first', 'moves', { cell })).status).toBe(200);
    }
    for (const stream of [watching, late]) {
      expect((await stream.until(({ data }) => data.moves === 5)).at(-1)?.data).toMatchObject({
        status: 'won',
        winner: 'X',
      });
    }
    await act('bob', 'first', 'rematch');
    const [again] = (await late.until(({ data }) => data.moves === 0)).slice(-1);
    expect(again?.data.players.X?.name).toBe('Bob Sample');
    watching.close();
    late.close();
  });

  it('counts who watches, and not who plays', async () => {
    await act('alice', 'watched', 'players');
    const player = held.api.follow<GameState>('alice', '/games/stream/watched');
    await player.until(() => true);
    const spectator = held.api.follow<GameState>('bob', '/games/stream/watched');
    await player.until(({ data }) => data.spectators === 1);
    spectator.close();
    await player.until(({ data }) => data.spectators === 0);
    player.close();
  });

  it('refuses what the rules do not allow, in words', async () => {
    const refusal = async (asked: Promise<Response>): Promise<unknown[]> => {
      const response = await asked;
      return [response.status, ((await response.json()) as { code: string }).code];
    };
    await act('alice', 'strict', 'players');
    expect(await refusal(act('alice', 'strict', 'moves', { cell: 0 }))).toEqual([409, 'waiting-for-players']);
    await act('bob', 'strict', 'players');
    expect(await refusal(act('bob', 'strict', 'moves', { cell: 0 }))).toEqual([409, 'not-your-turn']);
    await act('alice', 'strict', 'moves', { cell: 4 });
    expect(await refusal(act('bob', 'strict', 'moves', { cell: 4 }))).toEqual([409, 'cell-taken']);
    expect(await refusal(act('bob', 'strict', 'moves', { cell: 9 }))).toEqual([400, 'invalid-body']);
    expect(await refusal(act('bob', 'strict', 'rematch'))).toEqual([409, 'game-not-over']);
    expect(await refusal(act('bob', 'a%20b', 'players'))).toEqual([400, 'invalid-body']);
    expect((await held.api.call('bob', 'GET', '/games/stream/a%20b')).status).toBe(404);
  });
});

import { formatEventId, type StreamSnapshot } from '@sillage/server';
import type { GameState } from 'demo-contract';
import type { DemoContext } from '../demo-context.ts';
import { createGame, type Game } from './referee.ts';

export interface Games {
  /** Changes a game by the referee's rules, and tells everybody. @throws NotAllowed, and nothing has changed. */
  change(gameId: string, by: (game: Game) => Game): Promise<GameState>;
  snapshot(gameId: string): StreamSnapshot;
}

const prefix = 'games/';

export function gameTopic(gameId: string): string {
  return `${prefix}${gameId}`;
}

/** The games that are kept, and who watches them. A game begins to exist with its first player. */
export function createGames({ hub, listeners, stores, onClose }: DemoContext): Games {
  const kept = stores.state.table<Game>('game');
  /** How many spectators were told last, of games that have some. */
  const told = new Map<string, number>();
  const due = new Set<string>();
  let isClosing = false;
  onClose(() => {
    isClosing = true;
  });

  function read(gameId: string): Game {
    return kept.get(gameId) ?? createGame(gameId);
  }

  function show(game: Game): GameState {
    const watching = new Set(listeners.people(gameTopic(game.gameId)));
    for (const player of [game.players.X, game.players.O]) if (player !== null) watching.delete(player.id);
    return { ...game, spectators: watching.size };
  }

  async function publish(state: GameState): Promise<GameState> {
    const { gameId, spectators } = state;
    if (spectators > 0) told.set(gameId, spectators);
    else told.delete(gameId);
    await hub.publish(gameTopic(gameId), { data: state });
    return state;
  }

  function tellSpectators(gameId: string): void {
    due.delete(gameId);
    if (isClosing) return;
    const state = show(read(gameId));
    if (state.spectators === (told.get(gameId) ?? 0)) return;
    // Where the log cannot take it, the next change tells the count as well.
    publish(state).catch(() => undefined);
  }

  listeners.watch(prefix, (topic) => {
    const gameId = topic.slice(prefix.length);
    if (isClosing || due.has(gameId)) return;
    // They come and go in bursts, as after a restart: one event tells of all that did so in a turn of the event loop.
    due.add(gameId);
    setImmediate(() => tellSpectators(gameId));
  });

  return {
    async change(gameId, by) {
      const game = by(read(gameId));
      // Before it is told: a newcomer's state must not be older than an event that it will not get.
      kept.set(gameId, game);
      return publish(show(game));
    },
    snapshot(gameId) {
      const after = formatEventId(hub.position);
      return { after, event: { data: show(read(gameId)) } };
    },
  };
}

import { formatEventId, type StreamSnapshot } from '@sillage/server';
import type { GameState, Person } from 'demo-contract';
import type { DemoContext } from '../demo-context.ts';
import { createGame, NotAllowed, type Game } from './referee.ts';

export interface Games {
  /**
   * Changes a game by the referee's rules, and publishes the new state. A new game counts for the user who made the change.
   *
   * @throws NotAllowed, and nothing has changed.
   */
  change(gameId: string, person: Person, by: (game: Game) => Game): Promise<GameState>;
  snapshot(gameId: string): StreamSnapshot;
}

const prefix = 'games/';
/** How many games one user may have created. */
const maxGames = 50;

export function gameTopic(gameId: string): string {
  return `${prefix}${gameId}`;
}

/** The stored games, and who watches them. A game is created by its first player, and not by those who watch it. */
export function createGames({ hub, listeners, stores, onClose }: DemoContext): Games {
  const kept = stores.state.table<Game>('game', { perOwner: maxGames, past: 'refuse' });
  /** The last published number of spectators, for games that have some. */
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
    // If the log cannot store it, the next change publishes the number as well.
    publish(state).catch(() => undefined);
  }

  listeners.watch(prefix, (topic) => {
    const gameId = topic.slice(prefix.length);
    if (isClosing || due.has(gameId)) return;
    // Spectators come and go in bursts, for example after a restart: one event per turn of the event loop is enough.
    due.add(gameId);
    setImmediate(() => tellSpectators(gameId));
  });

  /** Removes a game that is not being played, if the user has too many: a game in play belongs to the other player as well. */
  function makeRoom(personId: string): void {
    const own = kept.valuesOf(personId);
    if (own.length < maxGames) return;
    const idle = own.find(({ status }) => status !== 'playing');
    if (idle === undefined)
      throw new NotAllowed('too-many-games', `You have ${maxGames} games in play: finish one first.`);
    kept.delete(idle.gameId);
  }

  return {
    async change(gameId, person, by) {
      const game = by(read(gameId));
      if (kept.get(gameId) === undefined) makeRoom(person.id);
      // Before it is published: a newcomer's snapshot must not be older than an event that it will not get.
      kept.set(gameId, game, person.id);
      return publish(show(game));
    },
    snapshot(gameId) {
      const after = formatEventId(hub.position);
      return { after, event: { data: show(read(gameId)) } };
    },
  };
}

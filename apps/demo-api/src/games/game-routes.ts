import type { StreamDefinition } from '@sillage/server';
import { identityOf } from '@sillage/server/express';
import type { GameState, NewMove, Person } from 'demo-contract';
import type { Request, Response, Router } from 'express';
import { z } from 'zod';
import type { DemoContext } from '../demo-context.ts';
import { readBody, sendProblem } from '../read-body.ts';
import { createGames, gameTopic } from './games.ts';
import { nora } from '../people/sample-colleague.ts';
import { chooseCell, isOpponentsTurn } from './opponent.ts';
import { move, NotAllowed, notAPlayer, rematch, seatOf, takeSeat, type Game } from './referee.ts';

const gameId = z.string().regex(/^[\w-]{1,64}$/, 'Use up to 64 letters, digits, "-" and "_".');
/** As a user who looks at the board first. */
const thinkMs = 800;
const newMove = z.object({ cell: z.number().int().min(0).max(8) }) satisfies z.ZodType<NewMove>;

/** `POST games/:gameId/players`, `…/moves`, `…/rematch`, and with samples `…/opponent`. @returns the stream `GET games/stream/:gameId`. */
export function gameRoutes(router: Router, context: DemoContext): StreamDefinition<{ readonly gameId: string }> {
  const { config, people, logging, onClose } = context;
  const games = createGames(context);

  async function change(request: Request, response: Response, by: (game: Game, person: Person) => Game): Promise<void> {
    const id = readBody(gameId, request.params.gameId, response);
    if (id === undefined) return;
    const person = people.meet(identityOf(response));
    try {
      const state = await games.change(id, person, (game) => by(game, person));
      response.json(state);
      answerAsOpponent(state);
    } catch (error) {
      if (!(error instanceof NotAllowed)) throw error;
      sendProblem(response, 409, error.code, error.message);
    }
  }

  const thinking = new Set<NodeJS.Timeout>();
  onClose(() => {
    for (const timer of thinking) clearTimeout(timer);
  });

  /** The simulated opponent moves a moment later. If the game has changed by then, the referee refuses, and nothing is lost. */
  function answerAsOpponent(state: GameState): void {
    if (!isOpponentsTurn(state)) return;
    const timer = setTimeout(() => {
      thinking.delete(timer);
      games
        .change(state.gameId, nora, (game) => move(game, nora, chooseCell(game, game.turn)))
        .catch((error: unknown) => logging.app.debug({ err: error }, 'the simulated opponent did not move'));
    }, thinkMs);
    thinking.add(timer);
  }

  if (config.SAMPLE_DATA === 'on') {
    router.post('/games/:gameId/opponent', (request, response) =>
      change(request, response, (game, person) => {
        if (seatOf(game, person) === undefined) throw notAPlayer();
        return takeSeat(game, nora);
      }),
    );
  }
  router.post('/games/:gameId/players', (request, response) => change(request, response, takeSeat));
  router.post('/games/:gameId/rematch', (request, response) => change(request, response, rematch));
  router.post('/games/:gameId/moves', async (request, response) => {
    const made = readBody(newMove, request.body, response);
    if (made !== undefined) await change(request, response, (game, person) => move(game, person, made.cell));
  });

  return {
    authorize: ({ params }) => (gameId.safeParse(params.gameId).success ? 'allow' : 'not-found'),
    topics: ({ params }) => [gameTopic(gameId.parse(params.gameId))],
    snapshot: ({ params }) => games.snapshot(gameId.parse(params.gameId)),
  };
}

import type { StreamDefinition } from '@sillage/server';
import { identityOf } from '@sillage/server/express';
import type { NewMove, Person } from 'demo-contract';
import type { Request, Response, Router } from 'express';
import { z } from 'zod';
import type { DemoContext } from '../demo-context.ts';
import { readBody, sendProblem } from '../read-body.ts';
import { createGames, gameTopic } from './games.ts';
import { move, NotAllowed, rematch, takeSeat, type Game } from './referee.ts';

const gameId = z.string().regex(/^[\w-]{1,64}$/, 'Use up to 64 letters, digits, "-" and "_".');
const newMove = z.object({ cell: z.number().int().min(0).max(8) }) satisfies z.ZodType<NewMove>;

/** `POST games/:gameId/players`, `…/moves` and `…/rematch`. @returns the stream `GET games/stream/:gameId`. */
export function gameRoutes(router: Router, context: DemoContext): StreamDefinition<{ readonly gameId: string }> {
  const { people } = context;
  const games = createGames(context);

  async function change(request: Request, response: Response, by: (game: Game, person: Person) => Game): Promise<void> {
    const id = readBody(gameId, request.params.gameId, response);
    if (id === undefined) return;
    const person = people.meet(identityOf(response));
    try {
      response.json(await games.change(id, person, (game) => by(game, person)));
    } catch (error) {
      if (!(error instanceof NotAllowed)) throw error;
      sendProblem(response, 409, error.code, error.message);
    }
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

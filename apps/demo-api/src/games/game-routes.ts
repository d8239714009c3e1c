import { expressStream, identityOf } from '@sillage/server/express';
import type { NewMove, Person } from 'demo-contract';
import type { Request, Response, Router } from 'express';
import { z } from 'zod';
import type { DemoContext } from '../demo-context.ts';
import { readBody, sendProblem } from '../read-body.ts';
import { createGames, gameTopic } from './games.ts';
import { move, NotAllowed, rematch, takeSeat, type Game } from './referee.ts';

const gameId = z.string().regex(/^[\w-]{1,64}$/, 'Use up to 64 letters, digits, "-" and "_".');
const newMove = z.object({ cell: z.number().int().min(0).max(8) }) satisfies z.ZodType<NewMove>;

/** `GET games/stream/:gameId`, `POST games/:gameId/players`, `…/moves` and `…/rematch`. */
export function gameRoutes(router: Router, context: DemoContext): void {
  const { endpoint, access, guard, people } = context;
  const games = createGames(context);

  router.all(
    '/games/stream/:gameId',
    expressStream(endpoint, {
      ...access,
      authorize: ({ identity, request }) =>
        gameId.safeParse(request.params.gameId).success ? guard.stream(identity) : 'not-found',
      topics: ({ request }) => [gameTopic(gameId.parse(request.params.gameId))],
      snapshot: ({ request }) => games.snapshot(gameId.parse(request.params.gameId)),
    }),
  );

  async function change(request: Request, response: Response, by: (game: Game, person: Person) => Game): Promise<void> {
    const id = readBody(gameId, request.params.gameId, response);
    if (id === undefined) return;
    const person = people.meet(identityOf(response));
    try {
      response.json(await games.change(id, (game) => by(game, person)));
    } catch (error) {
      if (!(error instanceof NotAllowed)) throw error;
      sendProblem(response, 409, error.code, error.message);
    }
  }

  router.post('/games/:gameId/players', ...guard.route, (request, response) => change(request, response, takeSeat));
  router.post('/games/:gameId/rematch', ...guard.route, (request, response) => change(request, response, rematch));
  router.post('/games/:gameId/moves', ...guard.route, async (request, response) => {
    const made = readBody(newMove, request.body, response);
    if (made !== undefined) await change(request, response, (game, person) => move(game, person, made.cell));
  });
}

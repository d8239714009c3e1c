import { identityOf } from '@sillage/server/express';
import type { Me, Person, SessionReport } from 'demo-contract';
import type { Router } from 'express';
import type { DemoContext } from '../demo-context.ts';

/** `GET me`, `GET people`, `GET sessions`, and the demand for a second factor. */
export function peopleRoutes(router: Router, { endpoints, guard, people, stepUp, audit }: DemoContext): void {
  router.get('/me', (_request, response) => {
    const identity = identityOf(response);
    const me: Me = {
      ...people.meet(identity),
      roles: identity.roles,
      stepUp: stepUp.isDemanded(identity.key) ? 'demanded' : 'not-demanded',
    };
    response.json(me);
  });

  router.get('/people', (_request, response) => {
    people.meet(identityOf(response));
    response.json(people.all() satisfies Person[]);
  });

  router.get('/sessions', guard.admin, (_request, response) => {
    const { sessionCount: total, sessionsByUser } = endpoints;
    response.json({ total, byPerson: Object.fromEntries(sessionsByUser) } satisfies SessionReport);
  });

  router.post('/security/step-up', async (_request, response) => {
    const identity = identityOf(response);
    const { key } = identity;
    stepUp.demand(key);
    audit(people.meet(identity), 'demanded a second factor of themselves');
    // Open streams were allowed by the old rule: their clients reconnect, and are challenged.
    await endpoints.revoke(key);
    response.status(204).end();
  });

  router.delete('/security/step-up', (_request, response) => {
    const identity = identityOf(response);
    stepUp.withdraw(identity.key);
    audit(people.meet(identity), 'withdrew the demand for a second factor');
    response.status(204).end();
  });
}

import { expressAuthenticate, identityOf } from '@sillage/server/express';
import type { Me, Person, SessionReport } from 'demo-contract';
import type { Router } from 'express';
import type { DemoContext } from '../demo-context.ts';

/** `GET me`, `GET people`, `GET sessions`, and the demand for a second factor. */
export function peopleRoutes(router: Router, { endpoint, access, people, stepUp }: DemoContext): void {
  const authenticate = expressAuthenticate(endpoint, access);

  router.get('/me', authenticate, (_request, response) => {
    const identity = identityOf(response);
    const me: Me = {
      ...people.meet(identity),
      roles: identity.roles,
      stepUp: stepUp.isDemanded(identity.key) ? 'demanded' : 'not-demanded',
    };
    response.json(me);
  });

  router.get('/people', authenticate, (_request, response) => {
    people.meet(identityOf(response));
    response.json(people.all() satisfies Person[]);
  });

  router.get(
    '/sessions',
    expressAuthenticate(endpoint, { ...access, roles: ['Stream.Admin'] }),
    (_request, response) => {
      const { count, byUser } = endpoint.sessions;
      response.json({ total: count, byPerson: Object.fromEntries(byUser) } satisfies SessionReport);
    },
  );

  router.post('/security/step-up', authenticate, (_request, response) => {
    const { key } = identityOf(response);
    stepUp.demand(key);
    // Those that stream already were let in by the old rule: they come back, and learn the new one.
    endpoint.revoke(key);
    response.status(204).end();
  });

  router.delete('/security/step-up', authenticate, (_request, response) => {
    stepUp.withdraw(identityOf(response).key);
    response.status(204).end();
  });
}

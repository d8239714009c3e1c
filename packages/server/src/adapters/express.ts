import type { Request, RequestHandler, Response } from 'express';
import { createCors, noTicketPath, originNotAllowed, writeProblem } from '../http/index.ts';
import type { CorsOptions, EndpointRequest, Refusal } from '../http/index.ts';
import { createAccess, isTicketRefusedError, refuseTicket } from '../auth/index.ts';
import type { AccessRequirements, Identity, TokenVerifier } from '../auth/index.ts';
import { ConfigurationError } from '../core/index.ts';
import type {
  PublishEndpoint,
  RespondOptions,
  StreamEndpoint,
  StreamOptions,
  Streams,
  StreamSource,
} from '../endpoint/index.ts';
import { createNodeExchange, readNodeRequest } from './node.ts';

export { drainOnSignal } from './drain-on-signal.ts';
export type { DrainOnSignalOptions } from './drain-on-signal.ts';

/**
 * Serves a stream of topics. Mount it with `app.all`, so that it also answers preflights and other methods.
 *
 * @example app.all('/orders/:id/events', expressStream(endpoint, { topics: ({ request }) => [`orders/${request.params['id']}`] }))
 */
export function expressStream(endpoint: StreamEndpoint, options: StreamOptions<Request>): RequestHandler {
  return (request, response) => endpoint.stream(createNodeExchange(request, response), options);
}

/**
 * Serves a finite stream: the answer to one request. Mount it with `app.all`, after the body parser.
 *
 * @example app.all('/chat', express.json(), expressRespond(endpoint, { scopes: ['Chat.Ask'] }, ({ request, signal }) => ask(request.body, signal)))
 */
export function expressRespond(
  endpoint: StreamEndpoint,
  options: RespondOptions<Request>,
  source: StreamSource<Request>,
): RequestHandler {
  return (request, response) => endpoint.respond(createNodeExchange(request, response), options, source);
}

/**
 * Serves every stream of a table. A path that the table does not have goes to the next handler.
 *
 * @example app.use(expressStreams(createStreams({ '/orders/:id/events': { topics: ({ params }) => [`orders/${params.id}`] } }, { endpoint })))
 */
export function expressStreams(streams: Streams<Request>): RequestHandler {
  return async (request, response, next) => {
    // Express has removed the prefix under which the table is mounted from `path`; the endpoint gets the whole path.
    if (streams.match(request.path) === undefined) next();
    else await streams.handle(createNodeExchange(request, response), request.path);
  };
}

/**
 * Lets other services publish. Mount it with `app.all`, before any body parser, whose limit would apply instead.
 *
 * @example app.all('/publish', expressPublish(createPublishEndpoint({ hub, verifier, grants: { 'Orders.Publish': ['orders/*'] } })))
 */
export function expressPublish(endpoint: PublishEndpoint): RequestHandler {
  return (request, response) => endpoint.publish(createNodeExchange(request, response));
}

/**
 * Guards ordinary routes with the same tokens, requirements, refusals and challenges as the streams (PROTOCOL 7). Later handlers
 * call {@link identityOf}.
 *
 * @example app.get('/me', expressAuthenticate(endpoint, { scopes: ['Profile.Read'] }), (_request, response) => response.json(identityOf(response).name))
 */
export function expressAuthenticate(
  source: StreamEndpoint | TokenVerifier,
  requirements: AccessRequirements = {},
): RequestHandler {
  const admit = createAdmit(source);
  return async (request, response, next) => {
    const admission = await admit(readNodeRequest(request), requirements);
    if (admission.outcome === 'admitted') {
      response.locals.identity = admission.identity;
      next();
      // The application's error handler gets a fault of the verifier.
    } else if (admission.refusal.status === 500) next(admission.cause);
    else sendProblem(response, admission.refusal);
  };
}

/**
 * Returns the identity of the request.
 *
 * @throws ConfigurationError if there was no {@link expressAuthenticate} before.
 *
 * @example const { key } = identityOf(response);
 */
export function identityOf(response: Response): Identity {
  const identity = response.locals.identity as Identity | undefined;
  if (identity !== undefined) return identity;
  throw new ConfigurationError('The route has no identity. Put expressAuthenticate() before it.');
}

/**
 * Gives tickets to pages that read a stream with the browser's own EventSource (PROTOCOL 2.5). Put it after the JSON parser.
 *
 * @example app.post('/tickets', expressTickets(endpoint, { scopes: ['Orders.Read'] }))
 */
export function expressTickets(endpoint: StreamEndpoint, requirements: AccessRequirements = {}): RequestHandler[] {
  return [
    expressAuthenticate(endpoint, requirements),
    (request, response, next) => {
      const { path } = (request.body ?? {}) as { readonly path?: unknown };
      if (typeof path !== 'string') {
        sendProblem(response, noTicketPath);
        return;
      }
      try {
        const ticket = endpoint.issueTicket(identityOf(response), path);
        response.status(201).set('Cache-Control', 'no-store').json(ticket);
      } catch (error) {
        if (isTicketRefusedError(error)) sendProblem(response, refuseTicket(error));
        else next(error);
      }
    },
  ];
}

/**
 * Applies the streams' CORS policy to ordinary routes (PROTOCOL 3.5). It answers preflights, so put it first.
 *
 * @throws ConfigurationError for `*` among the origins.
 *
 * @example app.use(expressCors({ origins: ['https://app.example'] }, ['GET', 'POST', 'DELETE']))
 */
export function expressCors(
  options: CorsOptions,
  methods: readonly string[] = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'],
): RequestHandler {
  const decide = createCors(options);
  return (request, response, next) => {
    const { headers, ...decision } = decide(readNodeRequest(request), methods);
    const { Vary: vary, ...others } = headers;
    if (vary !== undefined) response.vary(vary);
    response.set(others);
    if (decision.kind === 'go-on') next();
    else if (decision.status === 403) sendProblem(response, originNotAllowed);
    else response.status(204).end();
  };
}

function createAdmit(source: StreamEndpoint | TokenVerifier) {
  if ('authenticate' in source) return source.authenticate;
  const access = createAccess({ verifier: source, realm: '', tokenTransports: ['header'] });
  return (request: EndpointRequest, requirements: AccessRequirements) => access.admit(request, requirements, 'route');
}

function sendProblem(response: Response, refusal: Refusal): void {
  const { headers, body } = writeProblem(refusal);
  response.status(refusal.status).set(headers).end(body);
}

// The guide's Node example, corrected: the token comes in the header and is verified by Microsoft's rules, CORS names one
// origin instead of `*`, events are stored and replayed, and a client that disconnects leaves nothing behind.
import { createEntraVerifier, createHub, createMemoryEventLog, createStreamEndpoint } from '@sillage/server';
import { expressAuthenticate, expressCors, expressStream, identityOf } from '@sillage/server/express';
import express from 'express';

const {
  PORT = '3000',
  WEB_ORIGIN = 'http://localhost:4200',
  ENTRA_TENANT_ID,
  ENTRA_API_CLIENT_ID,
  ENTRA_AUTHORITY,
} = process.env;

const hub = createHub({ log: createMemoryEventLog() });
const verifier = createEntraVerifier({
  tenants: ENTRA_TENANT_ID ?? '',
  audience: ENTRA_API_CLIENT_ID ?? '',
  ...(ENTRA_AUTHORITY ? { authority: ENTRA_AUTHORITY } : {}),
});
const cors = { origins: [WEB_ORIGIN] };
const endpoint = createStreamEndpoint({ hub, verifier, cors });
const access = { scopes: ['Stream.Access'] };
const topic = (request) => `chat/${request.params.sessionId}`;

const app = express();
app.use(expressCors(cors));
app.all('/chat/stream/:sessionId', expressStream(endpoint, { ...access, topics: ({ request }) => [topic(request)] }));

const sendProblem = (response, status, code, detail) =>
  response.status(status).type('application/problem+json').json({ status, code, title: code, detail });

// The body is parsed after the token is verified: a stranger's body costs no memory.
app.post('/chat/:sessionId', expressAuthenticate(endpoint, access), express.json(), async (request, response) => {
  const message = request.body?.message;
  if (typeof message !== 'string' || !/^[\w-]{1,64}$/.test(request.params.sessionId)) {
    sendProblem(response, 400, 'invalid-message', 'Send { "message": "…" } to a session of letters, digits, - and _.');
    return;
  }
  const data = { user: identityOf(response).name, message, timestamp: new Date() };
  response.status(201).json({ id: await hub.publish(topic(request), { data }) });
});
// Without this, Express answers an unreadable body with an HTML page that holds the stack trace.
app.use((error, _request, response, next) => {
  if (response.headersSent) return next(error);
  const { status = 500 } = error;
  if (status >= 500) console.error(error);
  sendProblem(response, status, status >= 500 ? 'internal-error' : 'invalid-request', 'The request failed.');
});

const server = app.listen(Number(PORT), 'localhost', () => console.log(`http://localhost:${server.address().port}`));
process.once('SIGTERM', () => {
  endpoint.close();
  server.close();
  // A request whose body never ends would keep the process alive.
  setTimeout(() => server.closeAllConnections(), 2_000).unref();
});

// The guide's Node example, made right: the token in the header and checked by Microsoft's rules, one CORS origin instead of `*`,
// events that are kept and replayed, and nothing left behind when a client goes.
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
app.use(express.json());
app.all('/chat/stream/:sessionId', expressStream(endpoint, { ...access, topics: ({ request }) => [topic(request)] }));
app.post('/chat/:sessionId', expressAuthenticate(endpoint, access), async (request, response) => {
  const data = { user: identityOf(response).name, message: String(request.body?.message ?? ''), timestamp: new Date() };
  response.status(201).json({ id: await hub.publish(topic(request), { data }) });
});

const server = app.listen(Number(PORT), 'localhost', () => console.log(`http://localhost:${server.address().port}`));
process.once('SIGTERM', () => {
  endpoint.close();
  server.close();
});

// Prevents: a cluster on one machine that needs a load balancer to be installed. It sends each request to the next node, without sticky sessions.
import { createServer, request as httpRequest } from 'node:http';

const port = Number(process.env.BALANCER_PORT);
const host = process.env.SILLAGE_HOST || 'localhost';
const nodes = (process.env.NODE_PORTS ?? '').split(',').map(Number);
let turn = 0;

/** Imports are the work of one node, and nobody else knows of them: they go to the first one that is there. */
function order(url) {
  const first = url.startsWith('/tasks') ? 0 : (turn += 1);
  return nodes.map((_, index) => nodes[(first + index) % nodes.length]);
}

function forward(incoming, outgoing, targets) {
  const [target, ...others] = targets;
  if (target === undefined) {
    outgoing.writeHead(503, { 'Retry-After': '1' }).end();
    return;
  }
  const { method, url, headers, socket } = incoming;
  const forwarded = { ...headers, 'x-forwarded-for': socket.remoteAddress };
  const request = httpRequest({ host: '127.0.0.1', port: target, method, path: url, headers: forwarded, agent: false });
  let isConnected = false;
  request.once('socket', (connection) =>
    connection.once('connect', () => {
      isConnected = true;
      incoming.pipe(request);
    }),
  );
  request.once('response', (response) => {
    outgoing.writeHead(response.statusCode, response.headers);
    outgoing.flushHeaders();
    response.pipe(outgoing);
    // A node that dies ends the response without its last chunk, and so does this.
    response.once('error', () => outgoing.destroy());
    response.once('aborted', () => outgoing.destroy());
  });
  request.once('error', () => {
    // Nothing was sent yet: another node can take it.
    if (!isConnected) forward(incoming, outgoing, others);
    else if (outgoing.headersSent) outgoing.destroy();
    else outgoing.writeHead(502).end();
  });
  outgoing.once('close', () => request.destroy());
}

createServer({ requestTimeout: 0 }, (incoming, outgoing) => {
  if (incoming.url === '/balancer-health') outgoing.end('ok');
  else forward(incoming, outgoing, order(incoming.url));
}).listen(port, host);

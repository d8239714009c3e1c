import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { join } from 'node:path';
import sirv from 'sirv';
import type { ServerConfig } from './config.ts';
import { pageHeaders } from './page-headers.ts';
import { createWebConfigSource } from './web-config.ts';

export interface WebServerOptions {
  readonly config: ServerConfig;
  /** The folder of the built app. */
  readonly root: string;
  /** Called with each answer. The path alone: a query may hold what a log must not. */
  readonly onAnswer: (answer: { method: string; path: string; status: number }) => void;
  readonly onError: (error: unknown) => void;
}

/** What the build named after its content. */
const hashed = /-[\w-]{8}\.(js|css)$/;

/** Serves the built app, its run-time configuration, and the app's page for every address of the app. @throws where there is no build. */
export function createWebServer({ config, root, onAnswer, onError }: WebServerOptions): Server {
  const page = readFileSync(join(root, 'index.html'), 'utf8');
  const webConfig = createWebConfigSource(config);
  const serveFile = sirv(root, {
    etag: true,
    setHeaders(response, path) {
      response.setHeader('Cache-Control', cacheControl(path));
    },
  });

  const sendPage = (response: ServerResponse): void => {
    const nonce = randomBytes(16).toString('base64');
    response.writeHead(200, {
      ...pageHeaders(config, nonce),
      'Content-Type': 'text/html; charset=utf-8',
      'Cache-Control': 'no-cache',
    });
    response.end(page.replaceAll('CSP_NONCE', nonce));
  };

  const sendConfig = async (response: ServerResponse): Promise<void> => {
    try {
      sendJson(response, 200, await webConfig());
    } catch (error) {
      onError(error);
      const detail = `The emulator at ${config.emulatorOrigin?.origin ?? ''} cannot be reached, so nobody can sign in. Start it, then try again.`;
      sendJson(response, 503, {
        status: 503,
        title: 'No identity provider',
        code: 'identity-provider-unreachable',
        detail,
      });
    }
  };

  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const path = pathOf(request);
    for (const [name, value] of Object.entries(pageHeaders(config, null))) response.setHeader(name, value);
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      response.setHeader('Allow', 'GET, HEAD');
      sendText(response, 405, 'Only GET and HEAD are served here.');
    } else if (path === '/config.json') {
      await sendConfig(response);
    } else if (path === '/' || path === '/index.html') {
      sendPage(response);
    } else {
      serveFile(request, response, () => {
        // The app's own addresses have no extension; a file that is missing is missing.
        if (/\.\w+$/.test(path)) sendText(response, 404, 'There is no such file.');
        else sendPage(response);
      });
    }
  };

  return createServer((request, response) => {
    response.on('finish', () =>
      onAnswer({ method: request.method ?? '', path: pathOf(request), status: response.statusCode }),
    );
    answer(request, response).catch((error: unknown) => {
      onError(error);
      if (response.headersSent) response.destroy();
      else sendText(response, 500, 'The web server failed.');
    });
  });
}

function cacheControl(path: string): string {
  if (hashed.test(path)) return 'public, max-age=31536000, immutable';
  // MSAL's bridge page carries an authorization code in its address.
  return path.endsWith('/redirect.html') ? 'no-store' : 'no-cache';
}

function pathOf({ url = '/' }: IncomingMessage): string {
  return url.split(/[?#]/, 1)[0] ?? '/';
}

function sendJson(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, {
    'Content-Type': status === 200 ? 'application/json' : 'application/problem+json',
    'Cache-Control': 'no-store',
  });
  response.end(JSON.stringify(body));
}

function sendText(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, { 'Content-Type': 'text/plain; charset=utf-8', 'Cache-Control': 'no-store' });
  response.end(`${text}\n`);
}

import type { IncomingMessage, ServerResponse } from 'node:http';
import { ControlError, isControlError } from './control-error.ts';
import { parseControlInput } from './control-input.ts';
import type { ControlInput } from './control-input.ts';
import type { EmulatorControls } from './controls.ts';
import { faultyEndpoints } from '../state/index.ts';
import { BodyError, hasLoopbackHost, isFromAnotherOrigin, mediaType, readBody, sendJson } from '../http/index.ts';
import { mintAlgorithms, mintKeys } from './mint.ts';
import type { MintRequest } from './mint.ts';

interface ControlRoute {
  /** `GET /health`; `:username` stands for a user's name. */
  readonly at: string;
  readonly does: string;
  /** The fields of the body that it reads. */
  readonly fields?: readonly string[];
  run(context: { controls: EmulatorControls; input: ControlInput; username: string; origin: string }): unknown;
}

const mintFields = [
  ...['username', 'scopes', 'lifetimeMs', 'version', 'audience', 'issuer', 'tenantId', 'notBefore', 'claims', 'omit'],
  ...['algorithm', 'signedBy', 'kid'],
];

/** The whole control API. `GET /` lists this table. */
const routeTable: readonly ControlRoute[] = [
  {
    at: 'GET /health',
    does: 'Says that the emulator is up, and where.',
    run: ({ origin }) => ({ status: 'ok', origin }),
  },
  { at: 'GET /users', does: 'Lists the users and their state.', run: ({ controls }) => ({ users: controls.users() }) },
  {
    at: 'GET /log',
    does: 'Lists the last 500 requests of applications and browsers, without tokens or codes.',
    run: ({ controls }) => ({ entries: controls.requestLog() }),
  },
  { at: 'DELETE /log', does: 'Empties the log.', run: ({ controls }) => controls.clearRequestLog() },
  {
    at: 'POST /access-token-lifetime',
    does: 'Sets how long new access tokens live.',
    fields: ['ms'],
    run: ({ controls, input }) => controls.setAccessTokenLifetime(input.number('ms') ?? Number.NaN),
  },
  {
    at: 'POST /rotate-keys',
    does: 'Signs with a new key. The old ones stay published unless "forget" is true.',
    fields: ['forget'],
    run: async ({ controls, input }) => ({
      kid: await controls.rotateKeys(input.boolean('forget') === true ? 'forget' : 'keep'),
    }),
  },
  {
    at: 'POST /users/:username/revoke',
    does: 'Blocks the user and ends their sessions and refresh tokens.',
    run: ({ controls, username }) => controls.revokeUser(username),
  },
  {
    at: 'POST /users/:username/restore',
    does: 'Lets the user sign in again.',
    run: ({ controls, username }) => controls.restoreUser(username),
  },
  {
    at: 'POST /users/:username/claims-challenge',
    does: 'Demands an authentication context of the user before the next token.',
    fields: ['acrs'],
    run: ({ controls, input, username }) => controls.challengeUser(username, input.string('acrs') ?? ''),
  },
  {
    at: 'DELETE /users/:username/claims-challenge',
    does: 'Withdraws the challenges of the user.',
    run: ({ controls, username }) => controls.withdrawChallenges(username),
  },
  {
    at: 'POST /fail-next',
    does: 'Makes the next requests to an endpoint fail or wait.',
    fields: ['endpoint', 'kind', 'status', 'error', 'count', 'delayMs', 'retryAfterMs'],
    run: ({ controls, input }) => {
      const endpoint = input.oneOf('endpoint', faultyEndpoints);
      if (endpoint === undefined)
        throw new ControlError('invalid-request', `Give "endpoint" one of ${faultyEndpoints.join(', ')}.`);
      controls.failNext({
        endpoint,
        ...given('kind', input.oneOf('kind', ['answer', 'disconnect'] as const)),
        ...given('status', input.number('status')),
        ...given('error', input.string('error')),
        ...given('count', input.number('count')),
        ...given('delayMs', input.number('delayMs')),
        ...given('retryAfterMs', input.number('retryAfterMs')),
      });
    },
  },
  {
    at: 'POST /tokens',
    does: 'Makes an access token, right or wrong.',
    fields: mintFields,
    run: async ({ controls, input }) => ({ access_token: await controls.mintToken(mintRequest(input)) }),
  },
  { at: 'POST /reset', does: 'Goes back to the start, but for keys.', run: ({ controls }) => controls.reset() },
];

/**
 * The control API. Anyone who reaches it can act as any user, so it answers only programs of this machine: no pages of other origins, and no
 * host name that was rebound to this address.
 */
export function createControlApi(
  controls: EmulatorControls,
  origin: string,
): (request: IncomingMessage, response: ServerResponse) => Promise<void> {
  return async (request, response) => {
    try {
      if (!hasLoopbackHost(request)) {
        sendJson(response, 403, {
          error: 'Use localhost or 127.0.0.1: the control API answers to no other host.',
        });
        return;
      }
      if (isFromAnotherOrigin(request)) {
        sendJson(response, 403, {
          error: 'Call the control API from a program: pages of other origins may not.',
        });
        return;
      }
      await route(request, response, { controls, origin });
    } catch (error) {
      if (isControlError(error)) {
        sendJson(response, error.status, { error: error.message, code: error.code });
        return;
      }
      if (!(error instanceof BodyError)) throw error;
      response.setHeader('Connection', 'close');
      sendJson(response, error.status, { error: error.message, code: error.code });
    }
  };
}

async function route(
  request: IncomingMessage,
  response: ServerResponse,
  context: { controls: EmulatorControls; origin: string },
): Promise<void> {
  const path = (request.url ?? '/').split('?', 1)[0] ?? '/';
  if (path === '/' && request.method === 'GET') {
    const operations = routeTable.map(({ at, does, fields = [] }) => ({ at, does, fields }));
    sendJson(response, 200, { what: 'The control API of the Entra emulator.', operations });
    return;
  }
  const candidates = routeTable.flatMap((one) => {
    const [method = '', pattern = ''] = one.at.split(' ');
    const username = match(pattern, path);
    return username === undefined ? [] : [{ one, method, username }];
  });
  if (candidates.length === 0)
    throw new ControlError('unknown-operation', 'There is no such operation: GET / lists them.');
  const found = candidates.find(({ method }) => method === request.method);
  if (found === undefined) {
    response.setHeader('Allow', candidates.map(({ method }) => method).join(', '));
    sendJson(response, 405, { error: `Use ${candidates.map(({ method }) => method).join(' or ')} here.` });
    return;
  }
  const text = await readBody(request);
  // A form of another site cannot send JSON without a preflight, which is never granted here.
  if (text !== '' && mediaType(request) !== 'application/json') {
    throw new BodyError('unsupported-media-type', 'Send the body as application/json.');
  }
  const input = parseControlInput(text);
  input.assertOnly(found.one.fields ?? []);
  const result = await found.one.run({ ...context, input, username: found.username });
  sendJson(response, 200, result ?? { ok: true });
}

/** The user's name in the path, `''` where the pattern has none, or `undefined` where the path is another. */
function match(pattern: string, path: string): string | undefined {
  const wanted = pattern.split('/');
  const actual = path.split('/');
  if (wanted.length !== actual.length) return undefined;
  let username = '';
  for (const [index, part] of wanted.entries()) {
    const segment = actual[index] ?? '';
    if (part === ':username') username = decode(segment);
    else if (part !== segment) return undefined;
  }
  return username;
}

function decode(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch (cause) {
    throw new ControlError('invalid-request', 'The username in the path is not percent-encoded correctly.', { cause });
  }
}

function mintRequest(input: ControlInput): MintRequest {
  const username = input.string('username');
  if (username === undefined)
    throw new ControlError('invalid-request', 'Give "username" the name of a user: GET /users lists them.');
  return {
    username,
    ...given('scopes', input.strings('scopes')),
    ...given('lifetimeMs', input.number('lifetimeMs')),
    ...given('version', input.oneOf('version', [1, 2] as const)),
    ...given('audience', input.string('audience')),
    ...given('issuer', input.string('issuer')),
    ...given('tenantId', input.string('tenantId')),
    ...given('notBefore', input.number('notBefore')),
    ...given('claims', input.object('claims')),
    ...given('omit', input.strings('omit')),
    ...given('algorithm', input.oneOf('algorithm', mintAlgorithms)),
    ...given('signedBy', input.oneOf('signedBy', mintKeys)),
    ...given('kid', input.string('kid')),
  };
}

/** A field that is there, or nothing: `exactOptionalPropertyTypes` tells `undefined` from absent. */
function given<K extends string, T>(name: K, value: T | undefined): Partial<Record<K, T>> {
  return value === undefined ? {} : ({ [name]: value } as Record<K, T>);
}

import { AccessTokenError, type AccessTokenRequest } from '@sillage/client';
import { of, type Subscription } from 'rxjs';
import type { FileReader, HttpResponse, HttpStack } from 'tus-js-client';
import { resumableUpload, type UploadState } from './resumable-upload';

/** What the API does with the next request: answers it, loses it, or takes so much of a part and breaks off. */
type Turn =
  | { readonly status: number; readonly headers?: Readonly<Record<string, string>>; readonly body?: string }
  | 'as-usual'
  | 'unreachable'
  | { readonly takes: number };

/** An API that keeps a file as tus has it, once what was planned for it is over. */
function createApi(size: number, turns: Turn[] = [], has = 0) {
  const requests: string[] = [];
  let offset = has;

  async function answer(method: string, sent: Map<string, string>, body: Blob | null): Promise<HttpResponse> {
    requests.push([method, sent.get('Authorization'), sent.get('Upload-Offset')].filter(Boolean).join(' '));
    await Promise.resolve();
    const turn = turns.shift() ?? 'as-usual';
    if (turn === 'unreachable') throw new Error('no answer');
    if (turn !== 'as-usual' && 'takes' in turn) {
      offset += turn.takes;
      throw new Error('broken off');
    }
    if (turn !== 'as-usual') return respond(turn.status, turn.headers, turn.body);
    if (method === 'HEAD') return respond(200, { 'Upload-Offset': String(offset), 'Upload-Length': String(size) });
    offset += body?.size ?? 0;
    return respond(204, { 'Upload-Offset': String(offset) });
  }
  const httpStack: HttpStack = {
    getName: () => 'fake',
    createRequest(method, url) {
      const sent = new Map<string, string>();
      return {
        getMethod: () => method,
        getURL: () => url,
        setHeader: (name, value) => void sent.set(name, value),
        getHeader: (name) => sent.get(name),
        setProgressHandler: () => undefined,
        send: (body: Blob | null) => answer(method, sent, body),
        abort: () => Promise.resolve(),
        getUnderlyingObject: () => null,
      };
    },
  };
  // What a browser's does. Tests run with Node's, which takes buffers.
  const fileReader: FileReader = {
    openFile: (file: File) =>
      Promise.resolve({
        size: file.size,
        slice: (start, end) => Promise.resolve({ value: file.slice(start, end), done: end >= file.size }),
        close: () => undefined,
      }),
  };
  return { requests, platform: { httpStack, fileReader }, stored: () => offset };
}

function respond(status: number, headers: Readonly<Record<string, string>> = {}, body = ''): HttpResponse {
  return {
    getStatus: () => status,
    getHeader: (name) => headers[name],
    getBody: () => body,
    getUnderlyingObject: () => null,
  };
}

describe('an upload that resumes', () => {
  const file = new File(['id,name\n1,one\n2,two\n'], 'rows.csv');

  async function send(api: ReturnType<typeof createApi>, options: { token?: (r: AccessTokenRequest) => string } = {}) {
    const states: UploadState[] = [];
    const waits: number[] = [];
    const demands: unknown[] = [];
    let count = 0;
    const error = await new Promise<unknown>((resolve) => {
      resumableUpload({
        url: 'https://api.example/tasks/t1/content',
        file,
        platform: api.platform,
        random: () => 0.5,
        onState: (state) => states.push(state),
        accessToken: (request) => {
          demands.push(request.demand);
          count += 1;
          return options.token?.(request) ?? `token-${count}`;
        },
        wait(ms) {
          waits.push(ms);
          return of(null);
        },
      }).subscribe({ error: resolve, complete: () => resolve(null) });
    });
    return { error, states, waits, demands };
  }

  it('sends what the API does not have, with a token for each request', async () => {
    const api = createApi(file.size, [], 8);
    expect((await send(api)).error).toBeNull();
    expect(api.requests).toEqual(['HEAD Bearer token-1', 'PATCH Bearer token-2 8']);
    expect(api.stored()).toBe(file.size);
  });

  it('goes on from where it broke off, after waits that grow, for as long as the API is away', async () => {
    const away: Turn[] = Array.from({ length: 8 }, () => 'unreachable');
    const api = createApi(file.size, ['as-usual', { takes: 5 }, ...away]);
    const { error, states, waits } = await send(api);
    expect(error).toBeNull();
    expect(waits).toEqual([500, 1_000, 2_000, 4_000, 8_000, 15_000, 15_000, 15_000, 15_000]);
    expect(api.requests.at(-1)).toMatch(/^PATCH Bearer token-\d+ 5$/);
    expect(api.stored()).toBe(file.size);
    expect(states).toContain('waiting');
    expect(states.at(-1)).toBe('sending');
  });

  it('waits as long as it is asked to', async () => {
    const api = createApi(file.size, [{ status: 429, headers: { 'Retry-After': '7' } }, { status: 503 }]);
    const { error, waits } = await send(api);
    expect(error).toBeNull();
    expect(waits).toEqual([7_500, 1_000]);
  });

  it('gets a new token once for a 401, with the claims that were demanded, and never in a loop', async () => {
    const challenge = { 'WWW-Authenticate': `Bearer error="insufficient_claims", claims="${btoa('{"a":1}')}"` };
    const api = createApi(file.size, [{ status: 401, headers: challenge }]);
    const { error, demands } = await send(api);
    expect(error).toBeNull();
    expect(demands).toEqual([undefined, expect.objectContaining({ claims: '{"a":1}' }), undefined]);
    const refusing = createApi(file.size, [{ status: 401 }, { status: 401 }]);
    expect((await send(refusing)).error).toMatchObject({ status: 401 });
    expect(refusing.requests).toHaveLength(2);
  });

  it.each([403, 404, 409, 410, 413, 415])('stops at a %i, and says what the API said', async (status) => {
    const api = createApi(file.size, [{ status, body: '{"code":"some-code"}' }]);
    const { error, waits } = await send(api);
    expect(error).toMatchObject({ status, error: { code: 'some-code' } });
    expect(waits).toEqual([]);
  });

  it('stops where no token can be had, and where the file cannot be read any more', async () => {
    const none = new AccessTokenError('nobody is signed in.');
    const refused = await send(createApi(file.size), {
      token: () => {
        throw none;
      },
    });
    expect(refused.error).toBe(none);
    const gone = new DOMException('moved', 'NotReadableError');
    const slice = vi.spyOn(file, 'slice').mockImplementation(() => {
      throw gone;
    });
    expect((await send(createApi(file.size, ['unreachable']))).error).toBe(gone);
    slice.mockRestore();
  });

  it('asks for nothing more once it is left', async () => {
    const api = createApi(file.size, ['unreachable']);
    let upload: Subscription | undefined;
    await new Promise<void>((resolve) => {
      upload = resumableUpload({
        url: 'https://api.example/tasks/t1/content',
        file,
        platform: api.platform,
        accessToken: () => 'token',
        onState: () => undefined,
        wait() {
          resolve();
          return of(null);
        },
      }).subscribe();
      // Within the wait, which is over at once.
    }).then(() => upload?.unsubscribe());
    expect(api.requests).toEqual(['HEAD Bearer token']);
  });
});

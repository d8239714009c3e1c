import { HttpErrorResponse, HttpHeaders } from '@angular/common/http';
import {
  AccessTokenError,
  ConnectionError,
  InvalidDataError,
  InvalidOptionError,
  ProtocolError,
  ResponseError,
  SignedOutError,
  StreamFailedError,
} from '@sillage/client';
import { describeError } from './describe-error';

const words = 'Words of the client’s own.';

describe('an error in words', () => {
  it.each([
    new AccessTokenError(words),
    new ConnectionError('network-error', words),
    new ConnectionError('heartbeat-timeout', words),
    new InvalidDataError({ id: '', type: 'message', data: '' }, words),
    new InvalidOptionError(words),
    new ProtocolError('redirect-refused', words),
    new ProtocolError('unexpected-content-type', words),
    new ProtocolError('event-too-large', words),
    new SignedOutError(words),
    new Error(words),
  ])('is the page’s, not the client’s: $code', (error) => {
    expect(describeError(error)).not.toContain(words);
    expect(describeError(error)).toMatch(/\.$/);
  });

  it('is the same for a refused stream as for a refused request', () => {
    const body = { code: 'unknown-symbol', detail: words };
    const ofRequest = describeError(new HttpErrorResponse({ status: 404, error: body }));
    expect(ofRequest).toContain('symbols');
    expect(describeError(new ResponseError(404, { failure: body.code, detail: words }))).toBe(ofRequest);
  });

  it('says when to try again', () => {
    const headers = new HttpHeaders({ 'Retry-After': '3' });
    const ofRequest = describeError(new HttpErrorResponse({ status: 429, headers }));
    expect(ofRequest).toContain('3 s');
    expect(describeError(new ResponseError(429, { retryAfterMs: 2_500 }))).toBe(ofRequest);
  });

  it('says what failed in mid-stream', () => {
    expect(describeError(new StreamFailedError('assistant-unavailable', words))).toContain('assistant');
  });
});

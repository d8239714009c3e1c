import type { Input } from './machine-input.ts';
import type { Status } from './machine-state.ts';

/** The words of STATES.md. They are not part of the package. */

/** What each state means. */
export const stateNotes: Record<Status, string> = {
  idle: 'Nobody has subscribed yet.',
  preparing: 'The request is being prepared: `accessToken`, `headers` and the ticket are asked for.',
  requesting: 'The request is sent, and its response has not arrived, or its error body is being read.',
  open: 'The response is read, and its events are delivered. The reader watches for silence if there is a limit.',
  checking: 'As `open`, after a wake-up: the connection must show bytes, or it is replaced.',
  rotating:
    'As `open`, while the successor of the connection is opened: its token, its request, its first event or position.',
  waiting: 'The last attempt failed. The next one begins at a certain time.',
  offline: 'The last attempt failed and the browser reports no network. The stream tries again now and then.',
  'interaction-required': 'A token requires user interaction. The stream does not start it; it waits for `settled()`.',
  closed: 'The end: `completed`, `closed` or `failed`. Nothing is left.',
};

/** What each input means. */
export const inputNotes: Record<Input['type'], string> = {
  subscribe: 'The first subscriber.',
  close: '`close()`, the last unsubscribe, or the signal.',
  reconnect: '`reconnect()`.',
  wake: 'The network is back, or the page returned from sleep, freeze or the back/forward cache.',
  due: 'The time limit or the wait of the state is over.',
  sent: 'The token is there, and the request is sent.',
  answered: 'The response headers have arrived.',
  opened: 'The response is 200 with `text/event-stream`.',
  bytes: 'Bytes arrived, and the machine asked for a notice.',
  live: 'The successor brought its first event or position.',
  rotate: 'The server asked for a rotation.',
  retry: 'The server sent `retry:`.',
  ended: 'The attempt or its connection ended: refused, not reachable, interrupted, complete, no token …',
  settled: 'The user interaction succeeded.',
  abandoned: 'The user interaction failed.',
};

/** Why an input changes nothing in the states that ignore it. */
export const ignoredBecause: Record<Input['type'], string> = {
  subscribe: 'The stream was opened by its first subscriber, or is at its end.',
  close: 'It is closed.',
  reconnect: 'Nobody listens, or it is closed.',
  wake: 'There is no wait to shorten and no connection to check.',
  due: 'The state has no time limit and no wait.',
  sent: 'No request is being prepared.',
  answered: 'No response is expected.',
  opened: 'No response is expected.',
  bytes: 'The machine did not ask.',
  live: 'No successor is being opened.',
  rotate: 'No connection is open, or its successor is being opened already.',
  retry: 'Only an open connection brings it.',
  ended: 'There is no attempt: what comes late belongs to an earlier one.',
  settled: 'No interaction is waited for.',
  abandoned: 'No interaction is waited for.',
};

const begin = 'Begins an attempt.';
const replaces = 'Cancels the attempt or connection and begins another at the last position.';
const decides = 'The outcome decides, by the table of [PROTOCOL 8](../../PROTOCOL.md#8-reconnecting).';
const end = 'Cancels everything and tells every subscriber the end.';

/** What happens where an input is not ignored. */
export const transitionNotes: Readonly<Record<Status, Partial<Record<Input['type'], string>>>> = {
  idle: { subscribe: begin, close: end },
  preparing: {
    close: end,
    reconnect: replaces,
    due: '`tokenTimeoutMs` is over: as if the token were temporarily not available.',
    sent: 'A demand of the server is satisfied, and is not repeated. `connectTimeoutMs` begins.',
    ended: decides,
  },
  requesting: {
    close: end,
    reconnect: replaces,
    due: '`connectTimeoutMs` is over: as if the server were not reachable.',
    answered: 'The time limit becomes that of an error body.',
    opened: 'Refused tokens and interactions are forgotten. Failures are not: that takes a stable period.',
    ended: decides,
  },
  open: {
    close: end,
    reconnect: replaces,
    wake: 'The connection must show bytes within five seconds (a POST: within `connectTimeoutMs`).',
    due: 'It is time to open the successor, before the announced end (PROTOCOL 9.2). Without a position, or with a method that may not be repeated, nothing happens.',
    rotate: 'The successor is opened at a random time within the time that the server gave.',
    retry: 'Remembered as a floor of every wait.',
    ended: `${decides} An end that the server had announced reconnects at once. After a stable period earlier failures are forgotten.`,
  },
  checking: {
    close: end,
    reconnect: replaces,
    due: 'No bytes came: the connection counts as interrupted. If nothing was read, because a subscriber works or an iterator is full, the check begins again.',
    bytes: 'The connection is alive.',
    rotate: 'As in `open`, once the connection has shown that it is alive.',
    retry: 'Remembered as a floor of every wait.',
    ended: 'As in `open`.',
  },
  rotating: {
    close: end,
    reconnect: 'Cancels the connection and its successor, and begins another attempt at the last position.',
    wake: 'The connection must show that it is alive, as in `open`. The successor is cancelled, and opened later.',
    due: 'A time limit of the successor is over. If it is open, the stream continues with it; if not, the next one is tried later.',
    sent: 'The successor is requested. `connectTimeoutMs` begins.',
    answered: 'The time limit becomes that of an error body.',
    opened: 'The successor is open, and must bring an event or a position within five seconds.',
    live: 'The stream continues with the successor, and skips what it repeats (PROTOCOL 9.4). The old connection is cancelled.',
    retry: 'Remembered as a floor of every wait.',
    ended:
      'The successor ended: the connection stays, and the next successor is tried after a wait, unless it would fail too (PROTOCOL 9.6). The connection ended: the stream continues with the successor, which becomes the current attempt if it is not open yet. If the outcome ends the stream, it ends.',
  },
  waiting: {
    close: end,
    reconnect: begin,
    wake: "Shortens the wait, but not below the server's floor, and not below `baseDelayMs` after the last attempt began.",
    due: begin,
  },
  offline: {
    close: end,
    reconnect: begin,
    wake: "Shortens the wait, but not below the server's floor, and not below `baseDelayMs` after the last attempt began.",
    due: begin,
  },
  'interaction-required': {
    close: end,
    reconnect: 'Asks for a token again.',
    settled: 'Asks for a token again: at once, or after a wait that doubles if interactions change nothing.',
    abandoned: 'Fails with the error that required the interaction.',
  },
  closed: {},
};

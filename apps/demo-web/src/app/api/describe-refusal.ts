interface Refusal {
  /** The API's stable code, such as `not-your-turn`; `null` where it sent none. */
  readonly code: string | null;
  /** The API's own words, which are English. */
  readonly detail: string | null;
  readonly retryAfterSeconds: number | null;
}

/**
 * What the API refused, in the person's language. Where its code is unknown here, an English page has the API's own words; another has a
 * sentence that says less, and no English.
 */
export function describeRefusal(status: number, { code, detail, retryAfterSeconds }: Refusal): string {
  const known = sentenceOf(code);
  if (known !== null) return known;
  if (status === 429) return tooMany(retryAfterSeconds);
  if (status === 403) {
    return detail === null
      ? $localize`:@@error.403:You are not allowed to do this.`
      : $localize`:@@error.403-detail:${detail}:detail:`;
  }
  if (status === 404) {
    return detail === null
      ? $localize`:@@error.404:There is no such thing, or it is not yours to see.`
      : $localize`:@@error.404-detail:${detail}:detail:`;
  }
  if (detail !== null) return $localize`:@@error.refused:The API refused: ${detail}:detail:`;
  return $localize`:@@error.status:The API answered ${status}:status:.`;
}

/** Why the API ended a stream that had begun. */
export function describeFailure(code: string, message: string): string {
  return sentenceOf(code) ?? $localize`:@@error.stream-failed:The stream failed: ${message}:message:`;
}

function sentenceOf(code: string | null): string | null {
  if (code === null) return null;
  if (tokenCodes.has(code))
    return $localize`:@@refusal.token:The API does not accept your sign-in. Sign out, then sign in again.`;
  return sentences[code] ?? null;
}

function tooMany(seconds: number | null): string {
  return seconds === null
    ? $localize`:@@error.429:Too many requests. Wait a moment, then try again.`
    : $localize`:@@error.429-wait:Too many requests. Try again in ${seconds}:seconds: s.`;
}

/** What is wrong with a token is for who looks after the API; to the person, all of it is one thing. */
const tokenCodes: ReadonlySet<string> = new Set([
  'bad-signature',
  'malformed-authorization',
  'malformed-token',
  'no-permissions',
  'no-token',
  'not-yet-valid',
  'several-tokens',
  'token-expired',
  'token-in-query',
  'unknown-key',
  'unsupported-algorithm',
  'void-ticket',
  'wrong-audience',
  'wrong-issuer',
  'wrong-tenant',
]);

const busy = $localize`:@@refusal.busy:The API cannot answer now. It will soon: try again.`;
const misunderstood = $localize`:@@refusal.misunderstood:The API does not understand this page. Load it again: it may be of another version.`;

const sentences: Readonly<Record<string, string>> = {
  'answer-forgotten': $localize`:@@refusal.answer-forgotten:The answer is no longer kept. Ask again.`,
  'answer-id-taken': misunderstood,
  'answer-too-long': $localize`:@@refusal.answer-too-long:The answer is too long: ask for less.`,
  'assistant-unavailable': $localize`:@@refusal.assistant-unavailable:The assistant stopped answering. Ask again.`,
  'cell-taken': $localize`:@@refusal.cell-taken:This cell is taken: choose a free one.`,
  'document-too-large': $localize`:@@refusal.document-too-large:The document has grown too large: what is new is not kept.`,
  'file-not-wanted': $localize`:@@refusal.file-not-wanted:This import has its file, or is over: begin another one.`,
  'file-too-large': $localize`:@@refusal.file-too-large:The file has changed while it was sent: choose it again.`,
  forbidden: $localize`:@@error.403:You are not allowed to do this.`,
  'game-not-over': $localize`:@@refusal.game-not-over:The game is not over yet: finish it first.`,
  'game-over': $localize`:@@refusal.game-over:The game is over: ask for a rematch.`,
  'import-cancelled': $localize`:@@refusal.import-cancelled:The import was cancelled.`,
  'import-failed': $localize`:@@refusal.import-failed:The import failed.`,
  'insufficient-claims': $localize`:@@refusal.insufficient-claims:The API demands a second factor of you.`,
  'insufficient-scope': $localize`:@@refusal.insufficient-scope:You lack the role or the permission that this needs.`,
  'internal-error': $localize`:@@refusal.internal-error:Something in the API failed. Try again.`,
  // Which field, and what of it, the API says in the words of its validator.
  'invalid-body': $localize`:@@refusal.invalid-body:The API does not accept what you entered. Check each field, and send it again.`,
  'invalid-offset': misunderstood,
  'invalid-request': misunderstood,
  'invalid-symbols': $localize`:@@refusal.invalid-symbols:Choose one symbol at least, and ten at most.`,
  'invalid-update': misunderstood,
  'invalid-viewer': misunderstood,
  'keys-unavailable': $localize`:@@refusal.keys-unavailable:The API cannot check your sign-in now. It will soon: try again.`,
  'log-unavailable': busy,
  'method-not-allowed': misunderstood,
  'missing-updates': misunderstood,
  'no-free-seat': $localize`:@@refusal.no-free-seat:Both seats are taken: you can watch.`,
  'no-ticket-path': misunderstood,
  'not-a-part': misunderstood,
  'not-a-player': $localize`:@@refusal.not-a-player:You have no seat in this game: take one, or watch.`,
  'not-csv': misunderstood,
  'not-found': $localize`:@@error.404:There is no such thing, or it is not yours to see.`,
  'not-the-owner': $localize`:@@refusal.not-the-owner:Only the user who created it can delete it.`,
  'not-your-turn': $localize`:@@refusal.not-your-turn:It is not your turn: wait for the other’s move.`,
  'origin-not-allowed': $localize`:@@refusal.origin-not-allowed:The API does not answer to pages of this address.`,
  'refused-on-purpose': $localize`:@@refusal.on-purpose:The API refused, as this page asked it to.`,
  revoked: $localize`:@@refusal.revoked:What you may do has just changed. Try again.`,
  'server-closing': busy,
  'size-unknown': misunderstood,
  stopping: busy,
  'storage-full': $localize`:@@refusal.storage-full:The disk of the API is full. Reading works; try again later.`,
  'store-full': $localize`:@@refusal.storage-full:The disk of the API is full. Reading works; try again later.`,
  'task-over': $localize`:@@refusal.task-over:The import is over already.`,
  'body-too-large': $localize`:@@refusal.body-too-large:The page asked for too many streams at once: reload it.`,
  'invalid-multiplex-request': $localize`:@@refusal.invalid-multiplex-request:The page asked for its streams in a wrong way: reload it.`,
  'too-many': $localize`:@@refusal.too-many:You have created as many of these as you may.`,
  'too-many-games': $localize`:@@refusal.too-many-games:You have too many games in play: finish one first.`,
  'too-many-tasks': $localize`:@@refusal.too-many-tasks:Enough imports are under way: wait for one to end, or cancel one.`,
  'update-too-complex': $localize`:@@refusal.update-too-complex:Too many changes at once: they were not saved.`,
  'unknown-answer': $localize`:@@refusal.unknown-answer:This answer has ended already.`,
  'unknown-device': $localize`:@@refusal.unknown-device:No such device was heard of: choose one of the list.`,
  'unknown-document': $localize`:@@refusal.unknown-document:There is no such document among those that you may open.`,
  'unknown-person': $localize`:@@refusal.unknown-person:This person has not signed in yet.`,
  'unknown-stream': $localize`:@@refusal.unknown-stream:There is no such stream, or it is not yours to see.`,
  'unknown-symbol': $localize`:@@refusal.unknown-symbol:There is no price for one of these symbols: leave it out.`,
  'unknown-task': $localize`:@@refusal.unknown-task:There is no such import of yours.`,
  'unknown-version': misunderstood,
  'waiting-for-players': $localize`:@@refusal.waiting-for-players:The game begins once both seats are taken.`,
  'wrong-offset': misunderstood,
};

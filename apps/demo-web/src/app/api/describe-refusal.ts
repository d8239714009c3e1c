interface Refusal {
  /** The API's stable code, such as `not-your-turn`; `null` where it sent none. */
  readonly code: string | null;
  /** The API's own words, which are English. */
  readonly detail: string | null;
  readonly retryAfterSeconds: number | null;
}

/** What the API refused, in the person's language where the code says enough; else in the API's words. */
export function describeRefusal(status: number, { code, detail, retryAfterSeconds }: Refusal): string {
  const known = code === null ? undefined : sentences[code];
  if (known !== undefined) return known;
  if (status === 429) return tooMany(retryAfterSeconds);
  if (status === 403 || status === 404) return detail === null ? sentenceOf(status) : withDetail(status, detail);
  if (detail !== null) return $localize`:@@error.refused:The API refused: ${detail}:detail:`;
  return $localize`:@@error.status:The API answered ${status}:status:.`;
}

function sentenceOf(status: 403 | 404): string {
  return status === 403
    ? $localize`:@@error.403:You are not allowed to do this.`
    : $localize`:@@error.404:There is no such thing, or it is not yours to see.`;
}

/** In English, the API's words say it; elsewhere they stand behind a sentence of the page's. */
function withDetail(status: 403 | 404, detail: string): string {
  return status === 403
    ? $localize`:@@error.403-detail:${detail}:detail:`
    : $localize`:@@error.404-detail:${detail}:detail:`;
}

function tooMany(seconds: number | null): string {
  return seconds === null
    ? $localize`:@@error.429:Too many requests. Wait a moment, then try again.`
    : $localize`:@@error.429-wait:Too many requests. Try again in ${seconds}:seconds: s.`;
}

const sentences: Readonly<Record<string, string>> = {
  'cell-taken': $localize`:@@refusal.cell-taken:This cell is taken: choose a free one.`,
  'document-too-large': $localize`:@@refusal.document-too-large:The document has grown too large: what is new is not kept.`,
  'game-not-over': $localize`:@@refusal.game-not-over:The game is not over yet: finish it first.`,
  'game-over': $localize`:@@refusal.game-over:The game is over: ask for a rematch.`,
  'no-free-seat': $localize`:@@refusal.no-free-seat:Both seats are taken: you can watch.`,
  'not-a-player': $localize`:@@refusal.not-a-player:You have no seat in this game: take one, or watch.`,
  'not-your-turn': $localize`:@@refusal.not-your-turn:It is not your turn: wait for the other’s move.`,
  'unknown-document': $localize`:@@refusal.unknown-document:There is no such document among those that you may open.`,
  'unknown-person': $localize`:@@refusal.unknown-person:This person has not signed in yet.`,
  'waiting-for-players': $localize`:@@refusal.waiting-for-players:The game begins once both seats are taken.`,
};

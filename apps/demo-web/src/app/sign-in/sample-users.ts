/** The sample users of the emulator that a visitor may enter as, by their short name in the page's address. */
const sampleUsers = {
  alice: 'alice@contoso.example',
  bob: 'bob@contoso.example',
} as const;

export type SampleUser = keyof typeof sampleUsers;

export const usernameOf = (user: SampleUser): string => sampleUsers[user];

/** The parameter of an address that enters by itself, in demo mode: `?enter=bob`. */
const enterParameter = 'enter';

/** Whom an address enters as; `null` where it names nobody known. */
export function readEnter(search: string): SampleUser | null {
  const name = new URLSearchParams(search).get(enterParameter);
  return name === 'alice' || name === 'bob' ? name : null;
}

/**
 * Opens a window in the right half of the screen, signed in as another sample user. Without an opener: a window that has one gets a copy of this
 * tab's session storage, and with it this tab's user.
 *
 * @param path relative to the locale's base.
 */
export function openBeside(user: SampleUser, path: string): void {
  const url = new URL(`${path}?${enterParameter}=${user}`, document.baseURI);
  const { availWidth, availHeight } = screen;
  const width = Math.round(availWidth / 2);
  window.open(url, '_blank', `noopener,popup,width=${width},height=${availHeight},left=${availWidth - width},top=0`);
}

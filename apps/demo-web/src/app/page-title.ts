/** What a tab and a screen reader call a page. */
export function pageTitle(page: string): string {
  return `${page} – Sillage`;
}

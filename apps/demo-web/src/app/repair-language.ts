/**
 * Gives the browser a language where it reports one that does not exist, such as `C` of a system without a locale: libraries that format numbers as they
 * load fail with it.
 */
export function repairLanguage(browser: { readonly language: string } = navigator): void {
  try {
    new Intl.NumberFormat(browser.language);
  } catch {
    Object.defineProperty(browser, 'language', { value: document.documentElement.lang || 'en', configurable: true });
  }
}

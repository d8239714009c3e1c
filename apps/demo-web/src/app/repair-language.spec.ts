import { repairLanguage } from './repair-language';

describe('the language of a browser', () => {
  it('is that of the page where the browser reports none that exists', () => {
    const browser = { language: 'C' };
    repairLanguage(browser);
    expect(() => new Intl.NumberFormat(browser.language)).not.toThrow();
  });

  it('stays as it is where it exists', () => {
    const browser = { language: 'fr-CA' };
    repairLanguage(browser);
    expect(browser.language).toBe('fr-CA');
  });
});

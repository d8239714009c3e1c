import type { IncomingHttpHeaders } from 'node:http';

/** What the app is built in. The first is what whoever asks for none of them gets. */
export const locales = ['en', 'fr'] as const;

export type Locale = (typeof locales)[number];

/** The locale that an address of the app names; `null` where it names none. */
export function localeOf(path: string): Locale | null {
  const first = path.split('/', 2)[1];
  return locales.find((locale) => locale === first) ?? null;
}

/** What the person chose before (the cookie `locale`), else what the browser prefers, else the default. */
export function preferredLocale({ cookie, 'accept-language': accepted }: IncomingHttpHeaders): Locale {
  const chosen = /(?:^|;\s*)locale=([a-z]+)/.exec(cookie ?? '')?.[1];
  const wishes = [...(chosen === undefined ? [] : [chosen]), ...acceptedLanguages(accepted ?? '')];
  for (const wish of wishes) {
    const locale = locales.find((known) => known === wish);
    if (locale !== undefined) return locale;
  }
  return locales[0];
}

/** The primary languages of `Accept-Language`, the most wanted first (RFC 9110, 12.5.4). */
function acceptedLanguages(header: string): string[] {
  return header
    .split(',')
    .map((range) => {
      const [tag = '', ...parameters] = range
        .trim()
        .toLowerCase()
        .split(/\s*;\s*/);
      const weight = parameters.find((parameter) => parameter.startsWith('q='))?.slice(2);
      return { language: tag.split('-', 1)[0] ?? '', weight: weight === undefined ? 1 : Number(weight) };
    })
    .filter(({ weight }) => weight > 0)
    .sort((a, b) => b.weight - a.weight)
    .map(({ language }) => language);
}

/** What a number counts. */
export type Unit = 'percent' | 'bytes' | 'milliseconds' | 'count' | 'celsius' | 'price';

const mebibyte = 1_048_576;

const options: Readonly<Record<Unit, Intl.NumberFormatOptions>> = {
  percent: { style: 'unit', unit: 'percent', maximumFractionDigits: 1 },
  bytes: { style: 'unit', unit: 'megabyte', maximumFractionDigits: 1 },
  milliseconds: { style: 'unit', unit: 'millisecond', maximumFractionDigits: 2 },
  celsius: { style: 'unit', unit: 'celsius', minimumFractionDigits: 1, maximumFractionDigits: 1 },
  count: { maximumFractionDigits: 2 },
  price: { minimumFractionDigits: 2, maximumFractionDigits: 2 },
};

/** Writes values as the locale does, with their unit. */
export function createValueFormat(locale: string, unit: Unit): (value: number) => string {
  const format = new Intl.NumberFormat(locale, options[unit]);
  if (unit !== 'bytes') return (value) => format.format(value);
  const large = new Intl.NumberFormat(locale, { ...options[unit], unit: 'gigabyte' });
  return (value) => {
    const mebibytes = value / mebibyte;
    return mebibytes >= 1_024 ? large.format(mebibytes / 1_024) : format.format(mebibytes);
  };
}

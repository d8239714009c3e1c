/** What a number counts. */
export type Unit = 'percent' | 'change' | 'bytes' | 'milliseconds' | 'count' | 'celsius' | 'price';

const options: Readonly<Record<Unit, Intl.NumberFormatOptions>> = {
  percent: { style: 'unit', unit: 'percent', maximumFractionDigits: 1 },
  change: {
    style: 'unit',
    unit: 'percent',
    signDisplay: 'exceptZero',
    minimumFractionDigits: 2,
    maximumFractionDigits: 2,
  },
  bytes: { style: 'unit', unit: 'byte', maximumFractionDigits: 1 },
  milliseconds: { style: 'unit', unit: 'millisecond', maximumFractionDigits: 2 },
  celsius: { style: 'unit', unit: 'celsius', minimumFractionDigits: 1, maximumFractionDigits: 1 },
  count: { maximumFractionDigits: 2 },
  price: { minimumFractionDigits: 2, maximumFractionDigits: 2 },
};

/** Decimal, as the names are. */
const byteUnits = ['byte', 'kilobyte', 'megabyte', 'gigabyte', 'terabyte'] as const;

/** Writes values as the locale does, with their unit. */
export function createValueFormat(locale: string, unit: Unit): (value: number) => string {
  if (unit === 'bytes') return createByteFormat(locale);
  const format = new Intl.NumberFormat(locale, options[unit]);
  return (value) => format.format(value);
}

function createByteFormat(locale: string): (value: number) => string {
  const formats = byteUnits.map(
    (unit) =>
      // Short, it would be "25 byte".
      new Intl.NumberFormat(locale, { ...options.bytes, unit, unitDisplay: unit === 'byte' ? 'long' : 'short' }),
  );
  return (value) => {
    const power = value < 1_000 ? 0 : Math.min(formats.length - 1, Math.floor(Math.log10(value) / 3));
    return formats[power]?.format(value / 1_000 ** power) ?? '';
  };
}

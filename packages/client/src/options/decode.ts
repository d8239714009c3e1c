/**
 * The part of a Standard Schema that this package uses (zod, valibot, arktype and others implement it).
 *
 * @see https://standardschema.dev
 */
export interface StandardSchema<T> {
  readonly '~standard': {
    readonly version: 1;
    readonly vendor: string;
    readonly validate: (value: unknown) => SchemaResult<T> | PromiseLike<SchemaResult<T>>;
    readonly types?: { readonly input: unknown; readonly output: T } | undefined;
  };
}

/** The result of a Standard Schema. */
export type SchemaResult<T> =
  { readonly value: T; readonly issues?: undefined } | { readonly issues: readonly { readonly message: string }[] };

/**
 * How the text of an event becomes its data. `'json'`: parsed as JSON; text that is not JSON fails the stream. `'text'`: unchanged.
 * `'auto'`: objects, arrays and quoted strings are parsed, a number, boolean or `null` only if it converts back to the same text; the rest is unchanged. A Standard Schema: parsed as JSON, then validated.
 */
export type Decode<T> = 'json' | 'text' | 'auto' | StandardSchema<T>;

/** An event as it was received: its data is still text. */
export interface RawEvent {
  readonly id: string;
  readonly type: string;
  readonly data: string;
}

/** How to decode data, resolved once for each stream. */
export interface Decoder<T> {
  /** Parses the text of an event. Throws a `SyntaxError` if it is not valid. */
  readonly parse: (text: string) => T;
  /** Validates a parsed value; `undefined` if there is no schema. May throw or reject. */
  readonly validate: ((value: T) => SchemaResult<T> | PromiseLike<SchemaResult<T>>) | undefined;
}

/** Creates the decoder of a stream. */
export function createDecoder<T>(decode: Decode<T>): Decoder<T> {
  if (typeof decode === 'object' || typeof decode === 'function') {
    return { parse: JSON.parse, validate: (value) => decode['~standard'].validate(value) };
  }
  const parse = { json: JSON.parse as (text: string) => unknown, text: (text: string) => text, auto: parseLossless };
  return { parse: parse[decode] as (text: string) => T, validate: undefined };
}

/**
 * Parses text as JSON if nothing is lost by it: objects, arrays and quoted strings, and a number, boolean or `null` only if it converts
 * back to the same text. The tokens `" 3"`, `" 007"` and a number of 20 digits stay text.
 */
export function parseLossless(text: string): unknown {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    // Plain text is valid data here.
    return text;
  }
  const lossless =
    typeof value === 'string' ? text.startsWith('"') && text.endsWith('"') : isObject(value) || String(value) === text;
  return lossless ? value : text;
}

function isObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null;
}

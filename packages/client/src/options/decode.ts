import { InvalidDataError } from '../errors.ts';

/**
 * What this package needs of a Standard Schema (zod, valibot, arktype and others are ones).
 *
 * @see https://standardschema.dev
 */
export interface StandardSchema<T> {
  readonly '~standard': {
    readonly version: 1;
    readonly vendor: string;
    readonly validate: (value: unknown) => SchemaResult<T> | Promise<SchemaResult<T>>;
    readonly types?: { readonly input: unknown; readonly output: T } | undefined;
  };
}

/** What a Standard Schema answers. */
export type SchemaResult<T> =
  { readonly value: T; readonly issues?: undefined } | { readonly issues: readonly { readonly message: string }[] };

/**
 * How data becomes a value. `'json'`: parsed, and left as text where it is no JSON. `'text'`: left as it is. A Standard Schema:
 * parsed as with `'json'`, then validated.
 */
export type Decode<T> = 'json' | 'text' | StandardSchema<T>;

/** An event as it came off the wire. */
export interface RawEvent {
  readonly id: string;
  readonly type: string;
  readonly data: string;
}

/**
 * Decodes one event's data. Answers synchronously unless the schema is asynchronous: a promise per event is what slows a fast stream.
 *
 * @throws {InvalidDataError} where the schema refuses the data.
 */
export function decodeData<T>(event: RawEvent, decode: Decode<T>): T | Promise<T> {
  if (decode === 'text') return event.data as T;
  const value = parseJson(event.data);
  if (decode === 'json') return value as T;
  const result = decode['~standard'].validate(value);
  return result instanceof Promise ? result.then((settled) => valid(event, settled)) : valid(event, result);
}

function valid<T>(event: RawEvent, result: SchemaResult<T>): T {
  if (result.issues !== undefined) throw new InvalidDataError(event, result.issues);
  return result.value;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // Plain text is a payload too: the seed's streams send both.
    return text;
  }
}

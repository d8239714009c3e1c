import { ControlError } from './control-error.ts';

/** The body of a control request: a JSON object, read field by field. Every refusal names the field and the type. */
export interface ControlInput {
  string(name: string): string | undefined;
  number(name: string): number | undefined;
  boolean(name: string): boolean | undefined;
  strings(name: string): string[] | undefined;
  object(name: string): Record<string, unknown> | undefined;
  /** One of the values. */
  oneOf<T extends string | number>(name: string, values: readonly T[]): T | undefined;
  /** @throws ControlError for unknown fields: a misspelt one would be ignored in favour of the default. */
  assertOnly(names: readonly string[]): void;
}

/** @throws ControlError `invalid-request` if the text is not a JSON object. An empty text is an empty object. */
export function parseControlInput(text: string): ControlInput {
  const fields = parseObject(text);
  const read = <T>(name: string, is: (value: unknown) => value is T, what: string): T | undefined => {
    const value = fields[name];
    if (value === undefined || is(value)) return value;
    throw new ControlError('invalid-request', `Give "${name}" ${what}.`);
  };
  return {
    string: (name) => read(name, (value) => typeof value === 'string', 'a string'),
    number: (name) => read(name, (value) => typeof value === 'number', 'a number'),
    boolean: (name) => read(name, (value) => typeof value === 'boolean', 'true or false'),
    strings: (name) => read(name, isStrings, 'an array of strings'),
    object: (name) => read(name, isObject, 'an object'),
    oneOf: <T extends string | number>(name: string, values: readonly T[]) =>
      read(name, (value): value is T => values.some((one) => one === value), `one of ${values.join(', ')}`),
    assertOnly(names) {
      const unknown = Object.keys(fields).find((name) => !names.includes(name));
      if (unknown === undefined) return;
      throw new ControlError(
        'invalid-request',
        `"${unknown.slice(0, 64)}" is not a field of this operation: ${names.length === 0 ? 'send no fields' : `use ${names.join(', ')}`}.`,
      );
    },
  };
}

function parseObject(text: string): Record<string, unknown> {
  if (text.trim() === '') return {};
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new ControlError('invalid-request', 'The body is not valid JSON: send a JSON object.', { cause });
  }
  if (!isObject(value)) throw new ControlError('invalid-request', 'The body must be a JSON object.');
  return value;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isStrings(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((one) => typeof one === 'string');
}

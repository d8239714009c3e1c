/** The codes of this package's errors. Stable over versions; the messages are not. */
export const emulatorErrorCodes = [
  'body-too-large',
  'invalid-body',
  'invalid-option',
  'invalid-request',
  'port-in-use',
  'too-many-faults',
  'unknown-operation',
  'unknown-tenant',
  'unknown-user',
  'unsupported-media-type',
] as const;
export type EmulatorErrorCode = (typeof emulatorErrorCodes)[number];

/**
 * The base of every error that this package throws: a stable `code`, a message that says what to do, and the `cause` if there is one. A
 * message never holds a token.
 */
export class EntraEmulatorError<Code extends EmulatorErrorCode = EmulatorErrorCode> extends Error {
  override readonly name: string = 'EntraEmulatorError';
  /** Stable over versions. */
  readonly code: Code;

  constructor(code: Code, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** A wrong option of `startEntraEmulator`. The message has the value and the correction. */
export class InvalidOptionError extends EntraEmulatorError<'invalid-option'> {
  override readonly name = 'InvalidOptionError';

  constructor(message: string, options?: ErrorOptions) {
    super('invalid-option', message, options);
  }
}

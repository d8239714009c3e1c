import { printable } from '../directory/index.ts';
import type { Directory } from '../directory/index.ts';
import { EntraEmulatorError } from '../emulator-error.ts';

type ControlErrorCode = 'invalid-request' | 'too-many-faults' | 'unknown-operation' | 'unknown-tenant' | 'unknown-user';

const statuses = {
  'invalid-request': 400,
  'too-many-faults': 429,
  'unknown-operation': 404,
  'unknown-tenant': 404,
  'unknown-user': 404,
} as const satisfies Readonly<Record<ControlErrorCode, number>>;

/** A control operation that cannot be done. The message says what to do. */
export class ControlError extends EntraEmulatorError<ControlErrorCode> {
  override readonly name = 'ControlError';
  /** The HTTP status on the control API. */
  readonly status: 400 | 404 | 429;

  constructor(code: ControlErrorCode, message: string, options?: ErrorOptions) {
    super(code, message, options);
    this.status = statuses[code];
  }

  static unknownUser(username: string, { users }: Directory): ControlError {
    const known = users.map((user) => user.username).join(', ');
    return new ControlError('unknown-user', `No user has the username "${printable(username)}": use one of ${known}.`);
  }
}

/** Whether a value is the refusal of a control operation. It looks at the code, so that it works across copies of the package. */
export function isControlError(value: unknown): value is ControlError {
  return value instanceof Error && 'code' in value && Object.keys(statuses).some((code) => code === value.code);
}

import type { Directory } from '../directory/index.ts';
import { printable } from '../directory/index.ts';

/** A request to the control operations that cannot be met. The message says what to do. */
export class ControlError extends Error {
  override readonly name = 'ControlError';
  /** The HTTP status on the control API. */
  readonly status: 400 | 404;

  constructor(status: 400 | 404, message: string) {
    super(message);
    this.status = status;
  }

  static unknownUser(username: string, { users }: Directory): ControlError {
    const known = users.map((user) => user.username).join(', ');
    return new ControlError(404, `No user is called "${printable(username)}": use one of ${known}.`);
  }
}

/** Whether the value is a refusal of a control operation. */
export function isControlError(value: unknown): value is ControlError {
  return value instanceof ControlError;
}

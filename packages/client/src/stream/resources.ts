import type { MachineState } from './machine-state.ts';

/** What must exist while the machine is in a state, and only then. */
export interface Resources {
  /** The attempt, or its connection: its generation. */
  readonly attempt: number | undefined;
  /** The attempt that opens the connection's successor: its generation. */
  readonly successor: number | undefined;
  /** Whether the next bytes must be reported. */
  readonly reportBytes: 'yes' | 'no';
  /** The user interaction that is waited for: its generation. */
  readonly interaction: number | undefined;
  /** When `due` must be reported, in ms of the monotonic clock; `undefined` for no timer. */
  readonly dueAt: number | undefined;
  /** Whether the page's wake-ups must be reported. */
  readonly page: 'watched' | 'unwatched';
}

/**
 * Returns the resources of a state. They are a function of the state and not of the way to it: so after any inputs in any order a
 * closed stream has none.
 */
export function resourcesOf(state: MachineState): Resources {
  const { status, memory } = state;
  const { generation } = memory;
  const dueAt = 'dueAt' in state && state.dueAt !== Infinity ? state.dueAt : undefined;
  const common = {
    attempt: undefined,
    successor: undefined,
    reportBytes: 'no',
    interaction: undefined,
    dueAt,
    page: 'watched',
  } as const;
  switch (status) {
    case 'idle':
    case 'closed':
      return { ...common, dueAt: undefined, page: 'unwatched' };
    case 'preparing':
    case 'requesting':
      return { ...common, attempt: generation };
    case 'open':
      return { ...common, attempt: state.connection };
    case 'checking':
      return { ...common, attempt: state.connection, reportBytes: 'yes' };
    case 'rotating':
      return { ...common, attempt: state.connection, successor: generation };
    case 'waiting':
    case 'offline':
      return common;
    case 'interaction-required':
      return { ...common, interaction: generation };
  }
}

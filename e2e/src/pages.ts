/** A page of the app, by its path without the language. */
interface KnownPage {
  readonly path: string;
  /** Whether it has a stream as soon as it is opened. */
  readonly stream: 'at-once' | 'none';
}

/** Every page that can be opened without anything having been made first. */
export const pages: readonly KnownPage[] = [
  { path: '/', stream: 'none' },
  { path: '/chaos', stream: 'at-once' },
  { path: '/race', stream: 'none' },
  { path: '/notifications', stream: 'at-once' },
  { path: '/chat/lobby', stream: 'at-once' },
  { path: '/events', stream: 'at-once' },
  { path: '/assistant', stream: 'none' },
  { path: '/dashboard', stream: 'at-once' },
  { path: '/stocks', stream: 'at-once' },
  { path: '/devices', stream: 'at-once' },
  { path: '/documents', stream: 'none' },
  { path: '/game/table-1', stream: 'at-once' },
  { path: '/tasks', stream: 'none' },
  { path: '/logs', stream: 'at-once' },
  { path: '/health', stream: 'at-once' },
  { path: '/transports', stream: 'at-once' },
];

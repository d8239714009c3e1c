import type { AccessRequirements, Identity, Ticket } from '../auth/index.ts';
import { checkBounds, ConfigurationError } from '../core/index.ts';
import type { Exchange } from '../http/index.ts';
import type { StreamEndpoint } from './stream-endpoint.ts';
import type {
  Authorization,
  FiniteStreamEvent,
  RespondOptions,
  StreamContext,
  StreamOptions,
  StreamSnapshot,
} from './stream-options.ts';

/** The name of one `:name` segment, without its modifier or its regular expression. */
type NameOf<Segment extends string> = Segment extends `${infer Name}(${string}`
  ? Name
  : Segment extends `${infer Name}${'?' | '*' | '+'}`
    ? Name
    : Segment;
type NamesOf<Path extends string> = Path extends `${infer Head}/${infer Tail}`
  ? NamesOf<Head> | NamesOf<Tail>
  : Path extends `:${infer Segment}`
    ? NameOf<Segment>
    : never;

/** The named groups of a path: `{ id: string }` for `/orders/:id/events`. A group that did not match is `''`. */
export type PathParams<Path extends string> = Readonly<Record<string extends Path ? string : NamesOf<Path>, string>>;

/** What the callbacks of a table are told about a request. */
export interface TableContext<
  Params = Readonly<Record<string, string>>,
  Native = unknown,
> extends StreamContext<Native> {
  /** The named groups of the path, percent-decoded. */
  readonly params: Params;
}

interface DefinitionOptions<Params, Native> {
  /**
   * Decides about this request, once the table's `guard` has allowed it. If it throws, the answer is 500.
   * @default 'allow'
   */
  readonly authorize?: (context: TableContext<Params, Native>) => Authorization | Promise<Authorization>;
  /** Serves this stream instead of the table's endpoint, for example one with other token transports. */
  readonly endpoint?: StreamEndpoint;
}

/** A stream of topics: the options of `StreamEndpoint.stream`, whose callbacks also get `params`. */
export interface TopicStreamDefinition<Params = Readonly<Record<string, string>>, Native = unknown>
  extends Omit<StreamOptions<Native>, 'authorize' | 'topics' | 'snapshot'>, DefinitionOptions<Params, Native> {
  readonly topics:
    readonly string[] | ((context: TableContext<Params, Native>) => readonly string[] | Promise<readonly string[]>);
  readonly snapshot?: (context: TableContext<Params, Native>) => StreamSnapshot | Promise<StreamSnapshot>;
  readonly respond?: never;
}

/** A finite stream: the options of `StreamEndpoint.respond`, with its source as `respond`. */
export interface FiniteStreamDefinition<Params = Readonly<Record<string, string>>, Native = unknown>
  extends Omit<RespondOptions<Native>, 'authorize'>, DefinitionOptions<Params, Native> {
  readonly respond: (context: TableContext<Params, Native>) => AsyncIterable<FiniteStreamEvent>;
  readonly topics?: never;
}

/** One row of a table of streams. */
export type StreamDefinition<Params = Readonly<Record<string, string>>, Native = unknown> =
  TopicStreamDefinition<Params, Native> | FiniteStreamDefinition<Params, Native>;

/** The streams of an application, by the pathname pattern (URLPattern) under which each is served. */
export type StreamTable<Path extends string = string, Native = unknown> = {
  readonly [P in Path]: StreamDefinition<PathParams<P>, Native>;
};

export interface CreateStreamsOptions<Native = unknown> {
  /** Serves every stream that names no endpoint of its own. */
  readonly endpoint: StreamEndpoint;
  /**
   * Required of every stream that has no `scopes`, `roles` or `applicationRoles` of its own.
   * @default any valid token
   */
  readonly access?: AccessRequirements;
  /**
   * Asked about every request to every stream, before the stream's own `authorize`: the place for rate limits and a second factor.
   * If it throws, the answer is 500.
   * @default 'allow'
   */
  readonly guard?: (
    context: TableContext<Readonly<Record<string, string>>, Native>,
  ) => Authorization | Promise<Authorization>;
  /**
   * The pathname where clients get several streams of the table on one connection (PROTOCOL 10). Every one of them is guarded as if it had been
   * requested alone. `'none'`: nowhere.
   *
   * @default '/multiplex'
   */
  readonly multiplexAt?: string;
  /** Streams of one multiplexed connection. @default 100 */
  readonly maxMultiplexed?: number;
}

/** A table of streams that can be mounted. */
export interface Streams<Native = unknown> {
  /** The patterns of the table, in its order. */
  readonly paths: readonly string[];
  /** The pattern that serves a pathname, or `multiplexAt` itself; `undefined` if the table has nothing there. */
  match(pathname: string): string | undefined;
  /**
   * Answers a request to a stream of the table: with the stream, or with a refusal. Never rejects.
   *
   * @param pathname what to look up. @default the request's path; differs where the table is mounted under a prefix
   * @returns whether the table has a stream there. If not, nothing was answered.
   */
  handle(exchange: Exchange<Native>, pathname?: string): Promise<'handled' | 'no-stream'>;
  /**
   * Issues a ticket for a stream of the table (PROTOCOL 2.5).
   *
   * @param path the path as the client will request it. @param pathname what to look up. @default path
   * @returns `undefined` if the table has no stream there.
   * @throws ConfigurationError if the stream's endpoint has no `ticket` among its `tokenTransports`.
   */
  issueTicket(identity: Identity, path: string, pathname?: string): Ticket | undefined;
}

type Params = Readonly<Record<string, string>>;

interface Row<Native> {
  readonly path: string;
  readonly pattern: URLPattern;
  readonly endpoint: StreamEndpoint;
  readonly serve: (exchange: Exchange<Native>, params: Params) => Promise<void>;
}

/**
 * Declares an application's streams in one place, so that one guard applies to all of them. Patterns are pathnames of URLPattern, which
 * needs Node 24 or a polyfill. If several match, the first one serves the request.
 *
 * @throws ConfigurationError if a pattern is not valid, or if the runtime has no URLPattern.
 *
 * @example
 * const streams = createStreams(
 *   { '/orders/:id/events': { scopes: ['Orders.Read'], topics: ({ params }) => [`orders/${params.id}`] } },
 *   { endpoint, guard: ({ identity }) => limits.take(identity.key) },
 * );
 * app.use(expressStreams(streams));
 */
export function createStreams<Path extends string, Native = unknown>(
  table: StreamTable<Path, Native>,
  options: CreateStreamsOptions<Native>,
): Streams<Native> {
  if (typeof URLPattern !== 'function') {
    throw new ConfigurationError('createStreams needs URLPattern: use Node 24, or load a polyfill first.');
  }
  // Each callback asks for the groups of its own path only, and those are what it gets.
  const definitions = Object.entries(table as Readonly<Record<string, unknown>>) as [
    string,
    StreamDefinition<Params, Native>,
  ][];
  const { multiplexAt = '/multiplex', maxMultiplexed = 100 } = options;
  checkBounds({ maxMultiplexed });
  const rows = definitions.map(([path, definition]) => createRow(path, definition, options));

  function find(pathname: string): { readonly row: Row<Native>; readonly params: Params } | undefined {
    for (const row of rows) {
      const params = matchParams(row.pattern, pathname);
      if (params !== undefined) return { row, params };
    }
    return undefined;
  }

  async function serve(exchange: Exchange<Native>, pathname: string): Promise<'handled' | 'no-stream'> {
    const found = find(pathname);
    if (found === undefined) return 'no-stream';
    await found.row.serve(exchange, found.params);
    return 'handled';
  }

  return {
    paths: rows.map(({ path }) => path),
    match: (pathname) => (pathname === multiplexAt ? multiplexAt : find(pathname)?.row.path),
    async handle(exchange, pathname = exchange.request.path) {
      if (pathname === multiplexAt) {
        await options.endpoint.multiplex(exchange, {
          maxStreams: maxMultiplexed,
          prefix: exchange.request.path.slice(0, -pathname.length),
          handle: serve,
        });
        return 'handled';
      }
      return serve(exchange, pathname);
    },
    issueTicket(identity, path, pathname = path) {
      return find(pathname)?.row.endpoint.issueTicket(identity, path);
    },
  };
}

function createRow<Native>(
  path: string,
  definition: StreamDefinition<Params, Native>,
  { endpoint: defaultEndpoint, access = {}, guard }: CreateStreamsOptions<Native>,
): Row<Native> {
  const { endpoint = defaultEndpoint, authorize, ...rest } = definition;
  const own = definition.scopes ?? definition.roles ?? definition.applicationRoles;
  const requirements = own === undefined ? access : {};
  const authorizeWith =
    (params: Params) =>
    async (context: StreamContext<Native>): Promise<Authorization> => {
      const told = { ...context, params };
      const guarded = guard === undefined ? 'allow' : await guard(told);
      return guarded !== 'allow' || authorize === undefined ? guarded : authorize(told);
    };
  return { path, pattern: compile(path), endpoint, serve };

  function serve(exchange: Exchange<Native>, params: Params): Promise<void> {
    const common = { ...requirements, authorize: authorizeWith(params) };
    if (rest.respond !== undefined) {
      const { respond, topics: _topics, ...finite } = rest;
      return endpoint.respond(exchange, { ...finite, ...common }, (context) => respond({ ...context, params }));
    }
    const { topics, snapshot, respond: _respond, ...stream } = rest;
    return endpoint.stream(exchange, {
      ...stream,
      ...common,
      topics: typeof topics === 'function' ? (context) => topics({ ...context, params }) : topics,
      ...(snapshot === undefined ? {} : { snapshot: (context) => snapshot({ ...context, params }) }),
    });
  }
}

function compile(path: string): URLPattern {
  try {
    if (path.startsWith('/')) return new URLPattern({ pathname: path });
  } catch (cause) {
    throw new ConfigurationError(`"${path}" is not a valid pathname pattern of URLPattern.`, { cause });
  }
  throw new ConfigurationError(`"${path}" is not a pathname: begin it with "/".`);
}

/** The decoded groups; `undefined` if the pathname does not match. */
function matchParams(pattern: URLPattern, pathname: string): Params | undefined {
  const result = pattern.exec({ pathname });
  // URLPattern resolves "." and "..". Nobody else who looks at this path does, so it must not be another one here.
  if (result?.pathname.input !== pathname) return undefined;
  try {
    return Object.fromEntries(
      Object.entries(result.pathname.groups).map(([name, value]) => [name, decodeURIComponent(value ?? '')]),
    );
  } catch {
    // Not percent-encoded correctly: no stream has such a path.
    return undefined;
  }
}

import { ConfigurationError } from '../core/index.ts';

/**
 * Which app role may publish to which topics. In a pattern, `*` stands for any text without `/`, and `**` for any text.
 *
 * @example { 'Orders.Publish': ['orders', 'orders/*'], 'Everything.Publish': ['**'] }
 */
export type TopicGrants = Readonly<Record<string, readonly string[]>>;

/**
 * Returns whether somebody with these roles may publish to a topic.
 *
 * @throws ConfigurationError if there is no role, or a role without a pattern.
 */
export function compileGrants(grants: TopicGrants): (roles: readonly string[], topic: string) => boolean {
  const compiled = new Map(Object.entries(grants).map(([role, patterns]) => [role, patterns.map(compile)]));
  const isComplete = [...compiled.values()].every((patterns) => patterns.length > 0);
  if (compiled.size === 0 || !isComplete) {
    throw new ConfigurationError(
      "grants must name at least one app role, each with a pattern of topics, such as { 'Orders.Publish': ['orders/*'] }.",
    );
  }
  return (roles, topic) => roles.some((role) => compiled.get(role)?.some((pattern) => pattern.test(topic)) === true);
}

function compile(pattern: string): RegExp {
  const source = pattern
    .split(/(\*\*|\*)/)
    .map((part) => (part === '**' ? '.*' : part === '*' ? '[^/]*' : part.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&')))
    .join('');
  return new RegExp(`^${source}$`, 'su');
}

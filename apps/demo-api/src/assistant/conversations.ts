import type { StateStore } from '../store/state-store.ts';
import type { Turn } from './assistant.ts';

const maxTurns = 20;

/** The turns of each conversation, so that a question can refer to earlier ones. A conversation belongs to one user. */
export interface Conversations {
  turns(owner: string, conversationId: string): readonly Turn[];
  add(owner: string, conversationId: string, ...turns: readonly Turn[]): void;
}

export function createConversations(state: StateStore): Conversations {
  const kept = state.table<readonly Turn[]>('conversation', { perOwner: 50, past: 'forget-own' });
  const key = (owner: string, conversationId: string): string => JSON.stringify([owner, conversationId]);
  return {
    turns: (owner, conversationId) => kept.get(key(owner, conversationId)) ?? [],
    add(owner, conversationId, ...turns) {
      const all = [...(kept.get(key(owner, conversationId)) ?? []), ...turns];
      kept.set(key(owner, conversationId), all.slice(-maxTurns), owner);
    },
  };
}

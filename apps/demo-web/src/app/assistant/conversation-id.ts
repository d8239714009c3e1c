const key = 'conversation';

/** The conversation of this tab: it is there again after a reload. The API keeps it to whoever asked. */
export function currentConversation(): string {
  return sessionStorage.getItem(key) ?? beginConversation();
}

export function beginConversation(): string {
  const conversationId = crypto.randomUUID();
  sessionStorage.setItem(key, conversationId);
  return conversationId;
}

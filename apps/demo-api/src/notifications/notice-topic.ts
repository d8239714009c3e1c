/** One topic per user: a user can only subscribe to their own. */
export function noticeTopic(personId: string): string {
  return `notifications/${personId}`;
}

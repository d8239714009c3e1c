import type { InteractionRequiredAuthError } from '@azure/msal-browser';

/**
 * Why a token requires user interaction. `'second-factor'`: a policy demands more, such as a second factor. `'consent'`: the user or an
 * administrator has to consent to a scope. `'expired-session'`: the sign-in has ended, after a time or a changed password. `'sign-in'`: anything else.
 */
export type InteractionReason = 'second-factor' | 'consent' | 'expired-session' | 'sign-in';

/** Entra's error numbers (Microsoft, "Microsoft Entra authentication and authorization error codes"). MSAL's messages contain them. */
const numbers: readonly (readonly [RegExp, InteractionReason])[] = [
  [/AADSTS(?:50076|50079|50072|50074|50158|53003|530003)\b/, 'second-factor'],
  [/AADSTS(?:65001|65004|90094|90095)\b/, 'consent'],
  [/AADSTS(?:700082|700084|70043|70044|50173|50078|50133|50089)\b/, 'expired-session'],
];

const codes: ReadonlyMap<string, InteractionReason> = new Map<string, InteractionReason>([
  ['consent_required', 'consent'],
  ['basic_action', 'second-factor'],
  ['additional_action', 'second-factor'],
  ['login_required', 'expired-session'],
  ['bad_token', 'expired-session'],
  ['refresh_token_expired', 'expired-session'],
  ['no_tokens_found', 'expired-session'],
  ['user_password_expired', 'expired-session'],
]);

/** @param claims the claims that are demanded, if there are any. */
export function interactionReason(error: InteractionRequiredAuthError, claims: string | undefined): InteractionReason {
  const { errorCode, subError, errorMessage } = error;
  for (const [pattern, reason] of numbers) if (pattern.test(errorMessage)) return reason;
  return codes.get(subError) ?? codes.get(errorCode) ?? (claims === undefined ? 'sign-in' : 'second-factor');
}

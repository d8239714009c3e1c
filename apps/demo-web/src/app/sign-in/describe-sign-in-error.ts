import { AuthError, BrowserAuthErrorCodes } from '@azure/msal-browser';

/** Why signing in or out failed, for the person who tried; `null` where a later attempt has simply taken its place. */
export function describeSignInError(error: unknown): string | null {
  if (!(error instanceof AuthError)) return $localize`:@@sign-in.error.failed:The sign-in failed. Try again.`;
  switch (error.errorCode) {
    case BrowserAuthErrorCodes.interactionInProgressCancelled:
      return null;
    case BrowserAuthErrorCodes.popupWindowError:
    case BrowserAuthErrorCodes.emptyWindowError:
      return $localize`:@@sign-in.error.blocked:The browser blocked the window. Allow popups for this page, or use “Sign in”, which needs none.`;
    case BrowserAuthErrorCodes.userCancelled:
    case 'access_denied':
      return $localize`:@@sign-in.error.cancelled:The sign-in was cancelled. Nothing has changed.`;
    case BrowserAuthErrorCodes.timedOut:
      return $localize`:@@sign-in.error.timed-out:The sign-in window was closed, or nobody answered in it. Try again.`;
    case BrowserAuthErrorCodes.interactionInProgress:
      return $localize`:@@sign-in.error.in-progress:Another sign-in window is still open. Finish it there; if it is closed already, try again in a minute.`;
    case BrowserAuthErrorCodes.noNetworkConnectivity:
    case BrowserAuthErrorCodes.postRequestFailed:
    case BrowserAuthErrorCodes.getRequestFailed:
    case 'network_error':
      return $localize`:@@sign-in.error.network:The identity provider cannot be reached. Try again when the network is back.`;
    default:
      return $localize`:@@sign-in.error.code:The sign-in failed (${error.errorCode}:code:). Try again.`;
  }
}

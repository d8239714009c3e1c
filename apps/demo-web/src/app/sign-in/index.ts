export { Account } from './account';
export { createMsalInstance } from './msal-instance';
export { SignInBanner } from './sign-in-banner';

export { Account } from './account';
export { createMsalInstance } from './msal-instance';
export { openBeside, readEnter } from './sample-users';
export { SignInBanner } from './sign-in-banner';

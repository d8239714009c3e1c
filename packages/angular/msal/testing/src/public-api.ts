export { FakeMsal, interactionRequired, provideFakeMsal } from './fake-msal';
export type { FakeMsalOptions } from './fake-msal';

export { BaseMsalApiService } from '@sillage/angular/msal';
export type { MsalApiConfig } from '@sillage/angular/msal';
export { AssistantApi } from './assistant-api';
export { ChatApi } from './chat-api';
export { describeError } from './describe-error';
export { EventApi, type KindedEvent } from './event-api';
export { NotificationApi } from './notification-api';
export { PeopleApi } from './people-api';
export { SecurityApi } from './security-api';

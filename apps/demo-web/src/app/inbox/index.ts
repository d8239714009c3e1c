export { InboxLink } from './inbox-link';
export { NoticeInbox } from './notice-inbox';

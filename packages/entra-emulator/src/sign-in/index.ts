export { handleAuthorize, handleLogin } from './authorize-endpoint.ts';
export { handleLogout } from './logout-endpoint.ts';
export { messagePage, sendPage } from './pages.ts';
export { stepUpRequired } from './sign-in.ts';

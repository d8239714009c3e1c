export { html } from './html.ts';
export type { Html } from './html.ts';
export {
  BodyError,
  hasLoopbackHost,
  isFromAnotherOrigin,
  mediaType,
  readBody,
  readCookie,
  readForm,
  sendJson,
  sendRedirect,
} from './http-message.ts';
export { PortInUseError, isPortInUseError, listen } from './listener.ts';
export type { Listener } from './listener.ts';

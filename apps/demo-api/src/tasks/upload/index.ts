export type { TaskUpload } from './task-upload.ts';
export { abandonBody, refuse, uploadRoutes } from './upload-routes.ts';
export { openUploadSpool } from './upload-spool.ts';
export type { Reception } from './upload-spool.ts';

import {
  apply,
  applyTemplates,
  chain,
  filter,
  mergeWith,
  move,
  strings,
  url,
  type Rule,
} from '@angular-devkit/schematics';
import { findApplication } from './application.ts';

/** The options of `ng generate @sillage/angular:stream-service` and `:resource`. */
export interface GenerateOptions {
  readonly name: string;
  readonly path?: string;
  readonly project?: string;
}

/** A service whose streams and requests carry the user's token, and its test. */
export const streamService = (options: GenerateOptions): Rule => generate('../files/stream-service', options);

/** A component that shows a stream by `sseResource()`, and its test. */
export const resource = (options: GenerateOptions): Rule => generate('../files/resource', options);

/** `SseApiService` of the SSE guide, with its twelve streams, at the guide's own paths. */
export const sseApi = (options: Pick<GenerateOptions, 'project'>): Rule =>
  generate('../files/sse-api', { name: 'sse-api', path: 'api', ...options });

function generate(from: string, { name, path, project }: GenerateOptions): Rule {
  return async (tree) => {
    const { sourceRoot, prefix } = await findApplication(tree, project);
    const folder =
      path === undefined || path === ''
        ? `${sourceRoot}/app`
        : path.startsWith(sourceRoot)
          ? path
          : `${sourceRoot}/app/${path}`;
    const source = apply(url(from), [
      applyTemplates({ ...strings, name, prefix }),
      filter((file) => !tree.exists(`${folder}/${file}`)),
      move(folder),
    ]);
    return chain([mergeWith(source)]);
  };
}

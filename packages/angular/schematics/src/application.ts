import { SchematicsException, type Tree } from '@angular-devkit/schematics';
import { readWorkspace } from '@schematics/angular/utility';

/** The application that a schematic changes. */
export interface Application {
  readonly name: string;
  /** Relative to the workspace, without a slash at its end; `''` for the workspace itself. */
  readonly root: string;
  readonly sourceRoot: string;
  /** The prefix of its selectors. */
  readonly prefix: string;
}

/** @throws SchematicsException if the workspace lacks the application, or has several and `wanted` is undefined. */
export async function findApplication(tree: Tree, wanted: string | undefined): Promise<Application> {
  const { projects } = await readWorkspace(tree);
  const applications = [...projects].filter(([, { extensions }]) => extensions.projectType === 'application');
  const names = applications.map(([name]) => name).join(', ');
  const [found, another] = wanted === undefined ? applications : applications.filter(([name]) => name === wanted);
  if (found === undefined) {
    throw new SchematicsException(
      wanted === undefined
        ? 'The workspace has no application. Create one by: ng generate application'
        : `The workspace has no application ${wanted}. Pass one of: ${names}.`,
    );
  }
  if (another !== undefined) throw new SchematicsException(`Which application? Pass --project with one of: ${names}.`);
  const [name, { root, sourceRoot = `${root === '' ? '' : `${root}/`}src`, prefix = 'app' }] = found;
  return { name, root: root.replace(/\/$/, ''), sourceRoot, prefix };
}

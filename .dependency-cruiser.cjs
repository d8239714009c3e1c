/** The folders of the client, from the top down. */
const clientLayers = ['sharing', 'stream', 'connection', 'options', 'policy', 'headers'];

/** The walls of docs/architecture.md. @type {import('dependency-cruiser').IConfiguration} */
module.exports = {
  forbidden: [
    { name: 'no-circles', severity: 'error', from: {}, to: { circular: true } },
    {
      name: 'resolvable',
      comment: 'What cannot be found, or is not among the dependencies of its package, fails for whoever installs it.',
      severity: 'error',
      from: { pathNot: '^(scripts|eslint|vitest)' },
      to: { couldNotResolve: true },
    },
    {
      name: 'client-is-alone',
      comment: 'The client runs anywhere: eventsource-parser is all that it may import.',
      severity: 'error',
      from: { path: '^packages/client/src', pathNot: '\\.(spec|fixture)\\.ts$' },
      to: { pathNot: '^(packages/client/src|node_modules/eventsource-parser)' },
    },
    {
      name: 'angular-without-msal',
      comment: 'Whoever signs in by other means must not need MSAL: only /msal may import it.',
      severity: 'error',
      from: { path: '^packages/angular/src' },
      to: { path: 'node_modules/@azure|^packages/angular/(msal|dist)' },
    },
    {
      name: 'angular-imports-the-client-alone',
      severity: 'error',
      from: { path: '^packages/angular' },
      to: { path: '^(packages/(?!angular|client)|apps|conformance|e2e)' },
    },
    {
      name: 'server-imports-no-other-package',
      comment: 'PROTOCOL.md and conformance/ bind the two sides; no import does.',
      severity: 'error',
      from: { path: '^packages/server' },
      to: { path: '^(packages/(?!server)|apps|conformance|e2e)' },
    },
    {
      name: 'emulator-imports-no-other-package',
      comment: 'The verifier must not test itself.',
      severity: 'error',
      from: { path: '^packages/entra-emulator' },
      to: { path: '^(packages/(?!entra-emulator)|apps|conformance|e2e)' },
    },
    {
      name: 'emulator-folders-by-index-only',
      comment: 'A folder of the emulator is entered through its index.ts. Only tests may go around it.',
      severity: 'error',
      from: { path: '^packages/entra-emulator/src/([^/]+)', pathNot: '\\.(spec|fixture)\\.ts$' },
      to: {
        path: '^packages/entra-emulator/src/[^/]+/',
        pathNot: '^packages/entra-emulator/src/($1/|[^/]+/index\\.ts$)',
      },
    },
    {
      name: 'jose-in-auth',
      severity: 'error',
      from: { path: '^packages/server/src', pathNot: '^packages/server/src/auth/|\\.(spec|fixture)\\.ts$' },
      to: { path: 'node_modules/jose' },
    },
    {
      name: 'frameworks-in-adapters',
      severity: 'error',
      from: { path: '^packages/server/src', pathNot: '^packages/server/src/adapters/|\\.(spec|fixture)\\.ts$' },
      to: { path: 'node_modules/(@types/)?express' },
    },
    ...Object.entries({ postgres: '(@types/)?pg/', redis: '@redis/' }).map(([engine, library]) => ({
      name: 'engines-in-their-folders',
      comment: 'Only the log of an engine may load its library.',
      severity: 'error',
      from: { path: '^packages/server/src', pathNot: `^packages/server/src/logs/${engine}/|\\.(spec|fixture)\\.ts$` },
      to: { path: `node_modules/${library}` },
    })),
    {
      name: 'node-where-node-is-meant',
      comment: 'A fetch-based runtime must be able to use the core: only adapters and engines may be of Node.',
      severity: 'error',
      from: { path: '^packages/server/src', pathNot: '^packages/server/src/(adapters|logs)/|\\.(spec|fixture)\\.ts$' },
      to: { dependencyTypes: ['core'] },
    },
    {
      name: 'only-index-enters-a-client-folder',
      comment: 'A folder of the client is entered through its index.ts.',
      severity: 'error',
      from: { path: '^packages/client/src/([^/]+)/', pathNot: '\\.(spec|fixture)\\.ts$' },
      to: { path: '^packages/client/src/[^/]+/(?!index\\.ts$)', pathNot: '^packages/client/src/$1/' },
    },
    {
      name: 'only-index-enters-a-client-folder-from-its-parent',
      severity: 'error',
      from: { path: '^packages/client/src/[^/]+\\.ts$' },
      to: { path: '^packages/client/src/[^/]+/(?!index\\.ts$)' },
    },
    ...clientLayers.map((folder, depth) => ({
      name: 'client-folders-point-down',
      severity: 'error',
      from: { path: `^packages/client/src/${folder}/`, pathNot: '\\.(spec|fixture)\\.ts$' },
      to: { path: `^packages/client/src/(${['nothing', ...clientLayers.slice(0, depth)].join('|')})/` },
    })),
    {
      name: 'only-index-crosses-a-folder',
      comment: 'A folder of the server is entered through its index.ts. Only tests may go around it.',
      severity: 'error',
      from: { path: '^packages/server/src/([^/]+)/', pathNot: '\\.(spec|fixture)\\.ts$' },
      to: { path: '^packages/server/src/[^/]+/', pathNot: '^packages/server/src/($1/|[^/]+/index\\.ts$)' },
    },
    {
      name: 'only-index-enters-a-folder',
      comment: 'The same for the files beside the folders: index.ts and server-error.ts.',
      severity: 'error',
      from: { path: '^packages/server/src/[^/]+\\.ts$', pathNot: '\\.(spec|fixture)\\.ts$' },
      to: { path: '^packages/server/src/[^/]+/(?!index\\.ts$)' },
    },
    {
      name: 'adapters-are-entry-points',
      comment:
        'Each adapter is published as a subpath of its own, so that nobody loads a framework without asking for it.',
      severity: 'error',
      from: { path: '^packages/server/src/(?!adapters/)', pathNot: '\\.(spec|fixture)\\.ts$' },
      to: { path: '^packages/server/src/adapters/' },
    },
    {
      name: 'tasks-folders-by-index-only',
      comment: 'upload/ and csv/ are entered through their index.ts. Only tests may go around it.',
      severity: 'error',
      from: { path: '^apps/demo-api/(?:src/tasks/)?([^/]+)', pathNot: '\\.(spec|fixture)\\.ts$' },
      to: {
        path: '^apps/demo-api/src/tasks/[^/]+/',
        pathNot: '^apps/demo-api/src/tasks/($1/|[^/]+/index\\.ts$)',
      },
    },
    {
      name: 'nothing-imports-an-app',
      severity: 'error',
      from: { pathNot: '^apps/' },
      to: { path: '^apps/' },
    },
    {
      name: 'apps-do-not-import-each-other',
      severity: 'error',
      from: { path: '^apps/([^/]+)/' },
      to: { path: '^apps/', pathNot: '^apps/($1|demo-contract)/' },
    },
    {
      name: 'packages-by-their-published-names',
      comment: 'What an app does, a stranger must be able to do: no reaching into sources.',
      severity: 'error',
      from: { path: '^(apps|examples|conformance|e2e)/' },
      to: { path: '^packages/[^/]+/(?!dist/)' },
    },
    {
      name: 'e2e-knows-urls-only',
      severity: 'error',
      from: { path: '^e2e/' },
      to: { path: '^(packages|apps|conformance)/' },
    },
  ],
  options: {
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.walls.json' },
    doNotFollow: { path: 'node_modules|/dist/' },
    exclude: { path: '(^|/)(dist|\\.angular)/.*\\.spec' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['types', 'import', 'default', 'node'] },
  },
};

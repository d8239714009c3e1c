// Prevents: a change of the public API that nobody noticed. Each entry point's API is a file in goldens/, and every change of it a
// reviewed diff. `node scripts/api-goldens.mjs update` rewrites them.
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { Extractor, ExtractorConfig, ExtractorLogLevel } from '@microsoft/api-extractor';
import { root } from './toolchain.mjs';

const entries = [
  ['client', 'packages/client', 'dist/index.d.ts'],
  ['client-sharing', 'packages/client', 'dist/sharing/index.d.ts'],
  ['server', 'packages/server', 'dist/index.d.ts'],
  ['server-node', 'packages/server', 'dist/adapters/node.d.ts'],
  ['server-sqlite', 'packages/server', 'dist/logs/sqlite-event-log.d.ts'],
  ['server-postgres', 'packages/server', 'dist/logs/postgres/postgres-event-log.d.ts'],
  ['server-redis', 'packages/server', 'dist/logs/redis/redis-event-log.d.ts'],
  ['server-operations', 'packages/server', 'dist/operations/index.d.ts'],
  ['server-express', 'packages/server', 'dist/adapters/express.d.ts'],
  ['entra-emulator', 'packages/entra-emulator', 'dist/index.d.ts'],
  ['angular', 'packages/angular', 'dist/types/sillage-angular.d.ts'],
  ['angular-msal', 'packages/angular', 'dist/types/sillage-angular-msal.d.ts'],
  ['angular-msal-testing', 'packages/angular', 'dist/types/sillage-angular-msal-testing.d.ts'],
  ['angular-testing', 'packages/angular', 'dist/types/sillage-angular-testing.d.ts'],
];
const update = process.argv.includes('update');
const reports = join(root, 'node_modules', '.cache', 'sillage', 'api');
await mkdir(reports, { recursive: true });

const changed = [];
for (const [name, folder, types] of entries) {
  const config = ExtractorConfig.prepare({
    configObjectFullPath: join(root, folder, 'api-extractor.json'),
    packageJsonFullPath: join(root, folder, 'package.json'),
    configObject: {
      projectFolder: join(root, folder),
      mainEntryPointFilePath: join(root, folder, types),
      compiler: {
        overrideTsconfig: {
          compilerOptions: {
            module: 'ESNext',
            moduleResolution: 'Bundler',
            target: 'ES2022',
            lib: ['ES2024', 'DOM', 'DOM.Iterable', 'DOM.AsyncIterable'],
            types: ['node'],
            strict: true,
            skipLibCheck: true,
          },
          files: [types],
        },
      },
      apiReport: {
        enabled: true,
        reportFileName: `${name}.api.md`,
        reportFolder: join(root, 'goldens'),
        reportTempFolder: reports,
      },
      docModel: { enabled: false },
      dtsRollup: { enabled: false },
      tsdocMetadata: { enabled: false },
      messages: {
        extractorMessageReporting: { default: { logLevel: ExtractorLogLevel.None } },
        compilerMessageReporting: { default: { logLevel: ExtractorLogLevel.Error } },
        tsdocMessageReporting: { default: { logLevel: ExtractorLogLevel.None } },
      },
    },
  });
  const result = Extractor.invoke(config, {
    localBuild: update,
    messageCallback: (message) => {
      // Its advice is for its own set-up; what counts is said below.
      if (message.logLevel !== ExtractorLogLevel.Error) message.handled = true;
    },
  });
  if (result.apiReportChanged && !update) changed.push(name);
  if (result.errorCount > 0) throw new Error(`The API of ${name} cannot be read.`);
}
if (changed.length > 0) {
  console.error(
    `The public API of ${changed.join(', ')} is not what goldens/ says: if the change is meant, run \`node scripts/api-goldens.mjs update\` and commit.`,
  );
  process.exitCode = 1;
}

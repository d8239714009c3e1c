// How strong the tests are: each mutant is a fault that some test should notice. Run by `npm run mutation -- client`.
export default {
  plugins: ['@stryker-mutator/vitest-runner'],
  testRunner: 'vitest',
  vitest: { configFile: 'vitest.config.ts' },
  coverageAnalysis: 'perTest',
  mutate: ['src/{stream,connection,policy,headers,options}/**/*.ts', '!src/**/*.{spec,fixture}.ts', '!src/**/index.ts'],
  // Texts for humans are not behaviour.
  mutator: { excludedMutations: ['StringLiteral'] },
  concurrency: 2,
  timeoutMS: 10_000,
  incrementalFile: '../../node_modules/.cache/stryker/client.json',
  reporters: ['clear-text', 'json'],
  jsonReporter: { fileName: '../../node_modules/.cache/stryker/client-report.json' },
  clearTextReporter: { allowColor: false, logTests: false, reportTests: false },
  thresholds: { high: 95, low: 90, break: null },
};

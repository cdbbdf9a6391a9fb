/**
 * What `npm run VERB` does, one line each. Commands are found in node_modules/.bin; arguments behind `--` are added.
 *
 * @type {Record<string, { about: string, command: [string, ...string[]] }>}
 */
export const verbs = {
  start: { about: 'serves the platform on port 3001; npm start -- --port PORT', command: ['xshathra', 'start'] },
  dev: {
    about: 'serves it with a demo project, and again after each change of the source',
    command: [
      'node',
      '--watch',
      '--watch-preserve-output',
      '--conditions=@xshathra/source',
      'apps/xshathra/bin/xshathra.js',
      'start',
      '--demo',
    ],
  },
  engine: {
    about: 'serves a Centrifugo configuration: npm run engine -- --config FILE',
    command: ['xshathra', 'engine'],
  },
  unit: { about: 'unit tests: seconds; --watch goes on', command: ['vitest', '--project', 'unit'] },
  integration: {
    about: 'tests that start processes or pack packages',
    command: ['vitest', '--project', 'integration'],
  },
  wire: {
    about: 'the black-box suite, against us and a real Centrifugo where there is one',
    command: ['vitest', '--config', 'e2e/wire/vitest.wire.config.ts'],
  },
  check: { about: 'format, lint, types, imports, documents', command: ['node', 'scripts/check.ts'] },
  test: { about: 'everything CI runs', command: ['node', 'scripts/test.ts'] },
  bench: { about: 'measures the running engine beside others; --help tells more', command: ['node', 'bench/run.ts'] },
  fix: { about: 'formats, and repairs what the linter can', command: ['biome', 'check', '--write'] },
  build: { about: 'compiles the packages into their dist folders', command: ['tsc', '-b'] },
}

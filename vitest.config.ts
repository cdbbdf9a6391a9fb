import { defineConfig } from 'vitest/config'

/** Tests read every workspace from source, so no build stands between a change and its test. */
const source = '@xshathra/source'
const conditions = [source, 'node', 'module']

/** Start processes, pack packages, take longer than a person waits after a save. */
const integration = '{packages,apps}/*/src/**/*.integration.test.ts'

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions, externalConditions: conditions } },
  test: {
    // A watcher is asked for with --watch.
    watch: false,
    // Inherited by worker threads that a test starts.
    execArgv: [`--conditions=${source}`],
    testTimeout: 20_000,
    hookTimeout: 30_000,
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          include: ['{packages,apps}/*/src/**/*.test.ts', 'scripts/*.test.ts'],
          exclude: [integration, 'scripts/*.integration.test.ts'],
        },
      },
      {
        extends: true,
        test: {
          name: 'integration',
          include: [integration, 'scripts/*.integration.test.ts'],
          testTimeout: 120_000,
          hookTimeout: 120_000,
        },
      },
    ],
  },
})

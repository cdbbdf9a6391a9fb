import { defineConfig } from 'vitest/config'
import { centrifugoTarget, xshathraTarget } from './targets.ts'

const reference = centrifugoTarget(process.env)
if (!reference) {
  console.warn(
    [
      '',
      '*** The Centrifugo half of the wire suite is SKIPPED: no binary. ***',
      'Set CENTRIFUGO_BIN, or put `centrifugo` (6.9) on PATH, to hold the expectations themselves to the original.',
      '',
    ].join('\n'),
  )
}

/**
 * The same files once per server. In sequence: each file owns a server, and the timers under test are short enough to
 * notice a busy machine.
 */
export default defineConfig({
  test: {
    fileParallelism: false,
    projects: [xshathraTarget(process.env), ...(reference ? [reference] : [])].map((target) => ({
      test: {
        name: target.name,
        root: import.meta.dirname,
        include: ['*.test.ts'],
        provide: { target },
        testTimeout: 20_000,
        hookTimeout: 30_000,
      },
    })),
  },
})

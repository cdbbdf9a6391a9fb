import { defineConfig } from 'rolldown'

/**
 * What the test server needs of the engine and the protocol, in one file: those packages are not published. Everything
 * else of this package is what the compiler made.
 */
export default defineConfig({
  input: 'src/testing/engine.ts',
  platform: 'neutral',
  external: [/^node:/],
  resolve: { conditionNames: ['@xshathra/source', 'import', 'default'], mainFields: ['module', 'main'] },
  tsconfig: false,
  output: { file: 'dist/testing/engine.js', format: 'esm' },
})

import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { makeFolder, repository, run } from './real-server.ts'

it('the hooks pass the same tests with React 18', () => {
  const folder = makeFolder()
  writeFileSync(join(folder, 'package.json'), '{"private":true,"type":"module"}')
  run('npm', ['install', '--prefer-offline', '--no-audit', '--no-fund', 'react@18', 'react-dom@18'], folder)
  const modules = join(folder, 'node_modules')
  const config = {
    root: join(repository, 'packages/realtime'),
    resolve: {
      conditions: ['@xshathra/source', 'node', 'import', 'module', 'default'],
      alias: { react: join(modules, 'react'), 'react-dom': join(modules, 'react-dom') },
    },
    ssr: { resolve: { conditions: ['@xshathra/source', 'node', 'import', 'module', 'default'] } },
    cacheDir: join(folder, 'cache'),
    test: {
      watch: false,
      include: ['src/react/*.test.ts'],
      execArgv: ['--conditions=@xshathra/source'],
      env: { EXPECTED_REACT: '18' },
      reporters: [['json', { outputFile: join(folder, 'report.json') }]],
    },
  }
  writeFileSync(join(folder, 'vitest.config.js'), `export default ${JSON.stringify(config)}`)
  run('vitest', ['run', '--config', join(folder, 'vitest.config.js')], repository)
  const report = JSON.parse(readFileSync(join(folder, 'report.json'), 'utf8'))
  expect(report).toMatchObject({ success: true, numFailedTests: 0 })
  expect(report.numPassedTests).toBeGreaterThan(10)
})

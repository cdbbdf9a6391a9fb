import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { renderConfigReference } from './config-reference.ts'
import { serverVariables } from './server-variables.ts'

describe('the reference of the configuration', () => {
  it('is current: node scripts/generate-reference.ts writes it', () => {
    const page = readFileSync(join(import.meta.dirname, '../../../../docs/reference/config.md'), 'utf8')
    expect(page).toBe(renderConfigReference())
  })

  it('explains every variable', () => {
    const page = renderConfigReference()
    for (const name of Object.keys(serverVariables.shape)) {
      expect(page).toMatch(new RegExp(`^\\| \`${name}\` \\| \\S.* \\| \\S.* \\|$`, 'm'))
    }
  })
})

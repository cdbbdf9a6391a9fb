import { expect, it } from 'vitest'
import { newProjectId, readProjectId } from './project-id.ts'

it('reads the ids it makes, in any case', () => {
  const id = newProjectId(1_700_000_000_000)
  expect(readProjectId(id)).toBe(id)
  expect(readProjectId(`proj_${id.slice(5).toLowerCase()}`)).toBe(id)
})

it.each([
  ['too short', 'proj_123'],
  ['too long', 'proj_01HF7YAT00000000000000000AB'],
  ['another prefix', 'PROJ_01HF7YAT000000000000000000'],
  ['I, L, O or U', 'proj_01HF7YAT0000000000000000LO'],
  ['a Kelvin sign for K', 'proj_01HF7YAT0000000000000000\u212a0'],
  ['a long s for S', 'proj_01HF7YAT0000000000000000\u017f0'],
  ['a fullwidth digit', 'proj_01HF7YAT0000000000000000\uff110'],
  ['a line break behind it', 'proj_01HF7YAT000000000000000000\n'],
])('takes no text with %s for an id', (_, text) => {
  expect(readProjectId(text)).toBeUndefined()
})

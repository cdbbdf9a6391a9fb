import { describe, expect, it } from 'vitest'
import { keyRotation, namespaceChange, newProject, projectChange } from './project-input.ts'

const fieldOf = (schema: typeof newProject | typeof projectChange | typeof namespaceChange, input: unknown) => {
  const { success, error } = schema.safeParse(input)
  return success ? undefined : error?.issues[0]?.path.join('.')
}

describe('a new project', () => {
  it('needs no more than a name, which it gets without the space around it', () => {
    expect(newProject.parse({ name: ' Chess ' })).toEqual({ name: 'Chess', environment: 'development', locked: [] })
  })

  it.each([
    ['no name', {}],
    ['a blank name', { name: '  ' }],
    ['a name of 101 characters', { name: 'x'.repeat(101) }],
    ['a name that moves the cursor', { name: 'Chess\u001b[2J' }],
    ['a name that turns the text around', { name: 'Chess\u202e' }],
  ])('with %s is refused, and the field named', (_, input) => {
    expect(fieldOf(newProject, input)).toBe('name')
  })

  it('in an environment we do not have is refused', () => {
    expect(fieldOf(newProject, { name: 'Chess', environment: 'prod' })).toBe('environment')
  })
})

describe('a change of settings', () => {
  it.each(['https://example.com', 'http://localhost:3000', 'https://*.example.com', 'app://game'])(
    'takes %s',
    (origin) => {
      expect(fieldOf(projectChange, { allowedOrigins: [origin] })).toBeUndefined()
    },
  )

  it.each(['example.com', 'https://example.com/path', 'https://user@example.com', 'https://a b', '*', ''])(
    'refuses %s as an origin',
    (origin) => {
      expect(fieldOf(projectChange, { allowedOrigins: [origin] })).toBe('allowedOrigins.0')
    },
  )

  it('takes quotas that are whole and positive, or null for the default', () => {
    expect(fieldOf(projectChange, { quotas: { connections: 10, historyBytes: null } })).toBeUndefined()
    expect(fieldOf(projectChange, { quotas: { connections: 0 } })).toBe('quotas.connections')
    expect(fieldOf(projectChange, { quotas: { messageBytes: 1.5 } })).toBe('quotas.messageBytes')
  })

  it('knows each field, so that a typo is not taken for nothing', () => {
    expect(projectChange.safeParse({ nmae: 'Go' }).success).toBe(false)
    expect(namespaceChange.safeParse({ lock: true }).success).toBe(false)
  })
})

it('ends an overlap within thirty days', () => {
  expect(keyRotation.parse({})).toEqual({ kind: 'server', overlapSeconds: 0 })
  expect(keyRotation.safeParse({ overlapSeconds: 30 * 24 * 3600 }).success).toBe(true)
  expect(keyRotation.safeParse({ overlapSeconds: 30 * 24 * 3600 + 1 }).success).toBe(false)
  expect(keyRotation.safeParse({ overlapSeconds: -1 }).success).toBe(false)
})

import { z } from 'zod'

/** Fields that several endpoints have. The messages stand behind the field's name and a colon. */

const byteLength = (min: number, max: number) => (text: string) => {
  const bytes = Buffer.byteLength(text)
  return bytes >= min && bytes <= max
}

const isWellFormed = (text: string): boolean => text.isWellFormed()

export const text = z.string().refine(isWellFormed, 'is not well-formed Unicode')

/** Bytes, not characters, since that is what names are stored and limited by. */
export const boundedText = (min: number, max: number) =>
  text.refine(byteLength(min, max), `takes ${min} to ${max} bytes`).meta({ minLength: min, maxLength: max })

export const channel = z.string().meta({
  description: 'Full name `namespace:projectId:rest`, or short name `namespace:rest`.',
  examples: ['chat:room:7'],
})

export const userId = boundedText(1, 255).meta({
  description: "The customer's own name of the user.",
  examples: ['user_1'],
})

export const ttlSeconds = z.int().min(30).max(3600).default(900)

/** Checked for its size as written, where it is used. */
export const maxInfoBytes = 4096
export const info = z
  .looseObject({})
  .meta({ description: `Shown to others in presence, join and leave: ${maxInfoBytes} bytes at most.` })

export const client = boundedText(1, 255).meta({ description: 'Id of one connection; absent: all of the user.' })

export const offset = z.int().min(0)
export const epoch = z.string().max(255)

/** Any JSON at all, `null` too: the member has to be there, which an optional `unknown` would not ask for. */
export const anyJson = z.unknown().refine((value) => value !== undefined, 'is missing')

export const done = z.strictObject({ ok: z.literal(true) })

import type { Result } from '@xshathra/protocol'
import { z } from 'zod'

/** What the reference and `xshathra config` say about a variable. */
export interface VariableNotes {
  /** For people, in Markdown: what it decides, and what depends on it. */
  readonly about: string
  /** What counts while nobody sets it, as one would write it. */
  readonly standard?: string
  /** What the reference prints where the standard is not the same for everybody. */
  readonly standardInWords?: string
  readonly isSecret?: boolean
}

/** Notes of every variable, by its schema. */
export const variableNotes = z.registry<VariableNotes>()

/** Why a text cannot be used, as a sentence that follows the variable's name. Never holds a secret. */
export interface Unusable {
  readonly message: string
  readonly cure?: string | undefined
}

export type ReadText<Value> = (text: string) => Result<Value, Unusable>

const readBy = <Value>(read: ReadText<Value>) =>
  z.string().transform((text, context): Value => {
    const reading = read(text)
    if (reading.ok) return reading.value
    const { message, cure } = reading.problem
    context.issues.push({ code: 'custom', message, params: { cure }, input: text })
    return z.NEVER
  })

/** A variable that always has a value, its standard where nobody sets it. */
export const variable = <Value>(notes: VariableNotes & { readonly standard: string }, read: ReadText<Value>) =>
  readBy(read).register(variableNotes, notes)

/** A variable that need not be set. */
export const optionalVariable = <Value>(notes: VariableNotes, read: ReadText<Value>) =>
  readBy(read).optional().register(variableNotes, notes)

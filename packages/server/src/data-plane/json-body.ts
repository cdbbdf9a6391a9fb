import { isUtf8 } from 'node:buffer'
import { failed, isJsonValue, ok, type Result } from '@xshathra/protocol'
import type { z } from 'zod'
import { type Problem, problem } from '../problems.ts'
import { maxDepth, RawObject } from './raw-json.ts'

/** A body that fits its schema: parsed, and as it was written. */
export interface ReadBody<Body> {
  readonly body: Body
  readonly raw: RawObject
}

/** Reads a body by its schema. What cannot be read names no field; what does not fit names the first that is wrong. */
export const readJsonBody = <Schema extends z.ZodType>(
  text: Buffer,
  schema: Schema,
): Result<ReadBody<z.output<Schema>>, Problem> => {
  const parsed = parse(text)
  if (!parsed.ok) return parsed
  const fit = schema.safeParse(parsed.value)
  return fit.success ? ok({ body: fit.data, raw: new RawObject(text) }) : failed(wrongField(fit.error))
}

const parse = (text: Buffer): Result<unknown, Problem> => {
  if (text.length === 0) return failed(problem('invalid_body', 'The body is empty; send a JSON object.'))
  if (!isUtf8(text)) return failed(problem('invalid_body', 'The body is not UTF-8.'))
  let value: unknown
  try {
    value = JSON.parse(text.toString('utf8'))
  } catch {
    return failed(problem('invalid_body', 'The body is not JSON.'))
  }
  return isJsonValue(text)
    ? ok(value)
    : failed(problem('invalid_body', `The body has arrays or objects nested deeper than ${maxDepth}.`))
}

const wrongField = ({ issues }: z.ZodError): Problem => {
  const issue = issues[0]!
  if (issue.code === 'unrecognized_keys') {
    const field = fieldAt([...issue.path, issue.keys[0]!])
    return problem('invalid_body', `${field} is no field of this endpoint.`, { field })
  }
  const field = fieldAt(issue.path)
  if (field === undefined) return problem('invalid_body', `The body does not fit: ${issue.message}.`)
  return problem('invalid_body', `${field}: ${issue.message}.`, { field })
}

/** A path as people write it: `commands[3].publish.channel`. Names that callers chose are cut. */
const fieldAt = (path: readonly PropertyKey[]): string | undefined => {
  let field = ''
  for (const part of path) {
    if (typeof part === 'number') field += `[${part}]`
    else field += `${field === '' ? '' : '.'}${String(part).slice(0, 64)}`
  }
  return field === '' ? undefined : field
}

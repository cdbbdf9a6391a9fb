import { type Problem, problem } from '../problems.ts'

/**
 * How long one answer may be: what a channel kept can be a thousand times larger than what one request may carry, and an
 * answer is in memory as a whole while it leaves.
 */
export const maxAnswerBytes = 32 * 1024 * 1024

export const answerTooLarge = (what: string, field?: string): Problem =>
  problem('too_large', `${what}, and the limit of an answer is ${maxAnswerBytes} bytes.`, { field })

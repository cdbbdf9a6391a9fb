import { compileGlob, type GlobMatcher, whenReady } from '@xshathra/engine'
import { failed, ok, type Result } from '@xshathra/protocol'
import { z } from 'zod'
import { type Problem, problem } from '../../problems.ts'
import { shortName } from '../../tenancy/channel-grammar.ts'
import type { Caller } from '../endpoint.ts'
import { endpoint } from '../endpoint.ts'
import type { EndpointNeeds } from '../endpoint-needs.ts'

const maxPatternLength = 1024

/** Channels that somebody is subscribed to. */
export const channelEndpoints = ({ engine, tenancy, problemOf }: EndpointNeeds) => ({
  channels: endpoint({
    path: '/channels',
    name: 'channels',
    summary: 'Channels of the project that somebody is subscribed to',
    body: z.strictObject({
      pattern: z
        .string()
        .min(1)
        .max(maxPatternLength)
        .meta({ description: 'Glob over full or short names.', examples: ['chat:room:*'] })
        .optional(),
    }),
    reply: z.strictObject({ channels: z.record(z.string(), z.strictObject({ clients: z.int() })) }),
    problems: ['channel_of_another_project'],
    run: ({ caller, body: { pattern } }) => {
      const matcher = compilePattern(tenancy, caller, pattern)
      if (!matcher.ok) return matcher
      return whenReady(engine.api.channels(caller.project.id), (outcome) =>
        outcome.ok ? ok(channelsJson(outcome.value, matcher.value)) : failed(problemOf(outcome.problem, caller, {})),
      )
    },
  }),
})

/** The pattern narrows what the project may see anyway; it never decides whose channels they are. */
const compilePattern = (
  tenancy: EndpointNeeds['tenancy'],
  { project }: Caller,
  pattern: string | undefined,
): Result<GlobMatcher, Problem> => {
  if (pattern === undefined) return ok(() => true)
  const named = tenancy.resolve(project.id, pattern)
  if (named.kind === 'refused' && named.problem === 'channel_of_another_project') {
    return failed(problem(named.problem, named.rule, { field: 'pattern' }))
  }
  const matches = compileGlob(pattern)
  return matches ? ok(matches) : failed(problem('invalid_body', 'pattern: is no glob.', { field: 'pattern' }))
}

const channelsJson = (channels: ReadonlyMap<string, { readonly numClients: number }>, matches: GlobMatcher): string => {
  const entries: string[] = []
  for (const [fullName, { numClients }] of channels) {
    const short = shortName(fullName)
    if (matches(fullName) || (short !== undefined && matches(short))) {
      entries.push(`${JSON.stringify(fullName)}:{"clients":${numClients}}`)
    }
  }
  return `{"channels":{${entries.join()}}}`
}

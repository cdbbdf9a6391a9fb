import { decideByRules, isPermitted, isValidName, type MaybePromise, whenReady } from '@xshathra/engine'
import type { ProjectId } from '../projects/project.ts'
import { type AdmissionQuestion, admitConnection } from './admission.ts'
import type { ProjectResolution, ProjectTenancy } from './project-tenancy.ts'
import { outcomeOf, type RuleOutcome } from './rule-trace.ts'

/** What would happen, and the rules that say so in the order in which they are asked. */
export interface Explanation {
  readonly allowed: boolean
  readonly rules: readonly RuleOutcome[]
}

/** Says what a connect command would meet. The decision is the one that connections get, with its rules written down. */
export const explainConnect = (tenancy: ProjectTenancy, question: AdmissionQuestion): MaybePromise<Explanation> => {
  const rules: RuleOutcome[] = []
  return whenReady(admitConnection(question, tenancy.parts, rules), (admission) => {
    if (admission.kind !== 'admitted') return { allowed: false, rules }
    let allowed = true
    for (const { channel } of admission.subscriptions) {
      const resolution = tenancy.resolve(admission.scope, channel)
      allowed &&= resolution.kind === 'resolved'
      rules.push(namedChannel(resolution))
    }
    return { allowed, rules }
  })
}

export type ExplainedAction = 'subscribe' | 'publish' | 'presence' | 'history'

export interface ActionQuestion {
  readonly projectId: ProjectId
  /** `''`: an anonymous connection. */
  readonly user: string
  readonly channel: string
  readonly action: ExplainedAction
  /** Whether the connection is subscribed to the channel, where that matters. */
  readonly isSubscribed: boolean
}

type Resolved = ProjectResolution & { readonly kind: 'resolved' }

/** Says what a client's command without a token of its own would meet. The rules are those of the engine and the tenancy. */
export const explainAction = (tenancy: ProjectTenancy, question: ActionQuestion): Explanation => {
  const resolution = tenancy.resolve(question.projectId, question.channel)
  const rules = [namedChannel(resolution)]
  if (resolution.kind === 'resolved') {
    const isValid = isValidName(question.channel, resolution.anatomy, resolution.rules)
    rules.push(said('The name has the form that the namespace asks for.', isValid, 'It has not.'))
    if (isValid) rules.push(...explainers[question.action](resolution, question, tenancy))
  }
  return { allowed: rules.every(({ outcome }) => outcome === 'passed'), rules }
}

const namedChannel = (resolution: ProjectResolution): RuleOutcome =>
  resolution.kind === 'refused'
    ? outcomeOf('The name leads to a channel of the project.', resolution)
    : { rule: 'The name leads to a channel of the project.', outcome: 'passed', detail: resolution.channel }

const said = (rule: string, holds: boolean, otherwise: string): RuleOutcome =>
  outcomeOf(rule, holds ? undefined : { rule: otherwise })

type Explainer = (resolution: Resolved, question: ActionQuestion, tenancy: ProjectTenancy) => RuleOutcome[]

const explainSubscribe: Explainer = (resolution, { projectId, user }, tenancy) => {
  const rule = 'The channel is open to this user without a subscription token.'
  const verdict = decideByRules(resolution, { user, insecure: false }, true)
  if (verdict.kind === 'allowed') return [{ rule, outcome: 'passed', detail: verdict.rule }]
  const refusal =
    verdict.kind === 'denied' ? verdict : tenancy.refuseWithoutToken(projectId, resolution.rules.namespace)
  return [outcomeOf(rule, refusal)]
}

const askerOf = ({ user, isSubscribed }: ActionQuestion) => ({ user, isSubscribed, insecure: false })

const explainers: Readonly<Record<ExplainedAction, Explainer>> = {
  subscribe: explainSubscribe,
  publish: ({ rules }, question) => [
    said(
      'The namespace lets this client publish.',
      isPermitted(rules.publish, askerOf(question)),
      'It does not, or only subscribers.',
    ),
  ],
  presence: ({ rules }, question) => [
    said('The namespace keeps presence.', rules.presence, 'It keeps none.'),
    said(
      'The namespace lets this client read presence.',
      isPermitted(rules.presencePermission, askerOf(question)),
      'It does not, or only subscribers.',
    ),
  ],
  history: ({ rules }, question) => [
    said('The namespace keeps history.', rules.history !== undefined, 'It keeps none.'),
    said(
      'The namespace lets this client read history.',
      isPermitted(rules.historyPermission, askerOf(question)),
      'It does not, or only subscribers.',
    ),
  ],
}

import {
  type Admission,
  type AdmissionRequest,
  type ChannelAnatomy,
  type ChannelRules,
  type Clock,
  type InternalChannel,
  type MaybePromise,
  type RefreshReading,
  type Refusal,
  type Scope,
  type SubscribeQuestion,
  type SubscriptionReading,
  type Tenancy,
  type TokenVerifierOptions,
  whenReady,
} from '@xshathra/engine'
import { disconnects, errors } from '@xshathra/protocol'
import type { Problem } from '../problems.ts'
import type { Project, ProjectId, Quotas } from '../projects/project.ts'
import type { ProjectDirectory } from '../projects/project-directory.ts'
import type { NamespaceChange } from '../projects/project-input.ts'
import { type AdmissionParts, admitConnection, refuseToken } from './admission.ts'
import { BlockedUsers } from './blocked-users.ts'
import { readChannelName } from './channel-grammar.ts'
import { type ChannelRefusal, channelRefusals } from './channel-refusal.ts'
import { deploymentNamespaces, type ProxyAddresses } from './deployment-namespaces.ts'
import { readFullUser } from './minted-user.ts'
import { defaultNamespaceCaps, findBeyondCaps, type NamespaceCaps } from './namespace-rules.ts'
import { type ProjectRules, ProjectRulesBook } from './project-rules.ts'
import { PublishRates } from './publish-rates.ts'
import { defaultQuotas } from './quotas.ts'
import { createTokenReader } from './token-reader.ts'

/** The parts of a configuration that decide who may what in a deployment of projects. */
export interface ProjectTenancyOptions {
  readonly namespaces: ReadonlyMap<string, ChannelRules>
  /** Whom the namespaces' proxies lead to: our own address is decided here, others are not asked. */
  readonly proxies: { readonly subscribe: ProxyAddresses; readonly publish: ProxyAddresses }
  /** Keys of the tokens that we mint: the engine secret. */
  readonly tokens: TokenVerifierOptions
  /** Keys of their own for subscription tokens; absent: those of {@link tokens}. */
  readonly subscriptionTokens?: TokenVerifierOptions | undefined
  readonly caps?: NamespaceCaps | undefined
  /** What a project gets that has no quotas of its own. */
  readonly quotas?: Quotas | undefined
}

export interface ProjectTenancyNeeds {
  readonly directory: ProjectDirectory
  readonly clock: Clock
}

/** Where a channel name leads, with what HTTP says where it leads nowhere. */
export type ProjectResolution =
  | {
      readonly kind: 'resolved'
      /** Full name, and name inside the engine. */
      readonly channel: InternalChannel
      readonly rules: ChannelRules
      readonly anatomy: ChannelAnatomy
    }
  | ChannelRefusal

/** The namespace of the system's own project. */
export const systemNamespace = 'xshathra'

/**
 * The tenancy of the platform: one scope per project, and `''` for the operator, who sees all by full names. Every door
 * passes here: commands of clients, tokens, and each method of the API.
 */
export class ProjectTenancy implements Tenancy {
  readonly #directory: ProjectDirectory
  readonly #clock: Clock
  readonly #blocked: BlockedUsers
  /** Of clients and backends together. */
  readonly publishRates: PublishRates
  #parts: AdmissionParts

  constructor(options: ProjectTenancyOptions, { directory, clock }: ProjectTenancyNeeds) {
    this.#directory = directory
    this.#clock = clock
    this.#blocked = new BlockedUsers(clock)
    this.publishRates = new PublishRates(clock)
    // As long as the process: the tenancy ends with it.
    directory.onChange(({ kind, projectId }) => {
      if (kind === 'removed') this.publishRates.forget(projectId)
    })
    this.#parts = this.#build(options)
  }

  /** Puts another configuration in force. Where it is unusable it throws and changes nothing. */
  update(options: ProjectTenancyOptions): void {
    this.#parts = this.#build(options)
  }

  /** What decisions are made of, for who explains them. */
  get parts(): AdmissionParts {
    return this.#parts
  }

  /** The rules in force for a project; undefined: there is none such. */
  rulesOf(projectId: string): ProjectRules | undefined {
    return this.#parts.rules.of(projectId)
  }

  rulesOfProject(project: Project): ProjectRules {
    return this.#parts.rules.ofProject(project)
  }

  /** Names of all namespaces of the deployment that projects may use. */
  namespaceNames(): string[] {
    return [...this.#parts.rules.deployment.namespaces.rules.keys()].filter((name) => name !== systemNamespace)
  }

  /** Why a project may not set this of a namespace that exists; undefined: it may. */
  refuseSettings(namespace: string, changes: NamespaceChange): Problem | undefined {
    const { namespaces, caps } = this.#parts.rules.deployment
    const rules = namespaces.rules.get(namespace)
    return rules && findBeyondCaps(rules, changes, caps)
  }

  /** Refuses a user's tokens for a while; all of the project's where no user is given. */
  block(projectId: ProjectId, user: string | undefined, seconds: number): void {
    this.#blocked.block(projectId, user, seconds)
  }

  admit(request: AdmissionRequest): MaybePromise<Admission> {
    return admitConnection(request, this.#parts)
  }

  readRefreshToken(scope: Scope, token: string): MaybePromise<RefreshReading> {
    const { tokens } = this.#parts
    return whenReady(tokens.readConnection(token, this.#directory.project(scope)), (reading) => {
      if (reading.kind === 'fault') return refuseToken('refresh', reading)
      const foreign = refuseOtherProject(scope, reading.project.id)
      if (foreign) return foreign
      const { user, expireAt, info, meta, subscriptions, keyId } = reading
      if (this.#blocked.isBlocked(scope, user)) return blockedUser
      const channels = subscriptions.map(({ channel }) => channel)
      return { kind: 'read', user, expireAt, connInfo: info, meta, channels, credentialId: keyId }
    })
  }

  readSubscriptionToken(scope: Scope, token: string): MaybePromise<SubscriptionReading> {
    const { tokens } = this.#parts
    return whenReady(tokens.readSubscription(token, this.#directory.project(scope)), (reading) => {
      if (reading.kind === 'fault') return refuseToken('subscription', reading)
      return refuseOtherProject(scope, reading.project.id) ?? { ...reading, credentialId: reading.keyId }
    })
  }

  resolve(scope: Scope, name: string): ProjectResolution {
    const book = this.#parts.rules
    const read = readChannelName(name, scope as ProjectId | '', book.deployment.namespaces.formOf)
    if (!read.ok) return channelRefusals[read.problem]
    const { fullName, namespace, projectId, isPrivate, user } = read.value
    const rules = book.of(projectId)
    if (!rules) return channelRefusals['no such project']
    if (namespace === systemNamespace && !rules.project.isSystem) return channelRefusals['namespace of the system']
    // The lookup above found the namespace.
    const inForce = rules.namespace(namespace)!
    return {
      kind: 'resolved',
      channel: fullName as InternalChannel,
      rules: inForce.rules,
      anatomy: {
        namespace,
        rest: fullName.slice(namespace.length + (isPrivate ? 2 : 1)),
        isPrivate,
        // A lock makes the token obligatory for the user of a personal channel too.
        users: user === undefined || inForce.isLocked ? undefined : [user],
      },
    }
  }

  display(_scope: Scope, channel: InternalChannel): string {
    return channel
  }

  /** The operator sees all but the system's own project. */
  sees(scope: Scope, owner: Scope): boolean {
    return scope === owner || (scope === '' && this.#directory.project(owner)?.isSystem !== true)
  }

  resolveUser(scope: Scope, user: string): { readonly scope: Scope; readonly user: string } {
    if (scope !== '') return { scope, user }
    const named = readFullUser(user)
    return named ? { scope: named.projectId, user: named.user } : { scope, user }
  }

  takePublish(scope: Scope): boolean {
    const rules = this.rulesOf(scope)
    return (
      rules !== undefined && this.publishRates.take(rules.project.id, rules.quotas.publishesPerSecond, 1) === undefined
    )
  }

  /** Asked where only a token opens a namespace and none was sent. */
  authorizeSubscribe({ connection, rules }: SubscribeQuestion): Refusal {
    return this.refuseWithoutToken(connection.scope, rules.namespace)
  }

  /** Why a subscribe without a token is refused where only a token opens the namespace. */
  refuseWithoutToken(scope: Scope, namespace: string): Refusal {
    return this.rulesOf(scope)?.namespace(namespace)?.isLocked ? lockedNamespace : tokenNamespace
  }

  #build(options: ProjectTenancyOptions): AdmissionParts {
    const directory = this.#directory
    const { tokens, subscriptionTokens, caps = defaultNamespaceCaps, quotas } = options
    return {
      directory,
      rules: new ProjectRulesBook(directory, {
        namespaces: deploymentNamespaces(options.namespaces, options.proxies),
        caps,
        quotas: { ...defaultQuotas, ...quotas },
      }),
      tokens: createTokenReader({ directory, clock: this.#clock, tokens, subscriptionTokens }),
      blocked: this.#blocked,
    }
  }
}

/** Options are expected to have been checked with the configuration; keys that cannot be read throw. */
export const createProjectTenancy = (options: ProjectTenancyOptions, needs: ProjectTenancyNeeds): ProjectTenancy =>
  new ProjectTenancy(options, needs)

const refuseOtherProject = (scope: Scope, projectId: ProjectId): Refusal | undefined =>
  scope === projectId
    ? undefined
    : {
        kind: 'disconnect',
        disconnect: disconnects.invalidToken,
        rule: 'The token belongs to another project than the connection.',
      }

const blockedUser: Refusal = {
  kind: 'disconnect',
  disconnect: disconnects.forceDisconnect,
  rule: 'The user was disconnected and is blocked for a while.',
}

/** Told to clients too: the SDK shows the message of an error, and the cure is a request away. */
const needsToken = (rule: string): Refusal => ({
  kind: 'error',
  error: { ...errors.permissionDenied, message: `${errors.permissionDenied.message}: ${rule}` },
  rule,
})

const cure = 'subscribe with a token from POST /api/realtime/subscription-token.'
const lockedNamespace = needsToken(`The project has a lock on this namespace; ${cure}`)
const tokenNamespace = needsToken(`The namespace takes subscription tokens only; ${cure}`)

import { type ConnectionLimits, compileOriginRules, type OriginRule } from '@xshathra/engine'
import type { Project, Quotas } from '../projects/project.ts'
import type { ProjectDirectory } from '../projects/project-directory.ts'
import type { DeploymentNamespaces } from './deployment-namespaces.ts'
import { compileNamespace, type NamespaceCaps, type ProjectNamespace } from './namespace-rules.ts'
import { connectionLimits, quotasInForce } from './quotas.ts'

/** What holds for every project of a deployment. */
export interface DeploymentRules {
  readonly namespaces: DeploymentNamespaces
  readonly caps: NamespaceCaps
  readonly quotas: Quotas
}

/** Everything that follows from one project's settings and the deployment's; namespaces are compiled when first used. */
export class ProjectRules {
  readonly project: Project
  readonly quotas: Quotas
  readonly limits: ConnectionLimits
  readonly #deployment: DeploymentRules
  readonly #namespaces = new Map<string, ProjectNamespace>()
  #origins: OriginRule | undefined

  constructor(project: Project, deployment: DeploymentRules) {
    this.project = project
    this.#deployment = deployment
    this.quotas = quotasInForce(project.quotas, deployment.quotas)
    this.limits = connectionLimits(this.quotas)
  }

  /** Undefined: the deployment has no such namespace. */
  namespace(name: string): ProjectNamespace | undefined {
    const known = this.#namespaces.get(name)
    if (known) return known
    const rules = this.#deployment.namespaces.rules.get(name)
    if (!rules) return undefined
    const settings = Object.hasOwn(this.project.namespaces, name) ? this.project.namespaces[name] : undefined
    const compiled = compileNamespace(rules, settings ?? {}, this.#deployment.caps)
    this.#namespaces.set(name, compiled)
    return compiled
  }

  /** Whether a socket may come from this origin: any until the project lists its own, and whatever sends none. */
  isOriginAllowed(origin: string | undefined): boolean {
    this.#origins ??= originRule(this.project.allowedOrigins)
    return this.#origins(origin)
  }
}

const anyOrigin: OriginRule = () => true
/** Only what is no browser: an entry that cannot be read must not open the door that it was meant to close. */
const noOrigin: OriginRule = (origin) => origin === undefined

const originRule = (origins: readonly string[]): OriginRule => {
  if (origins.length === 0) return anyOrigin
  const rules = compileOriginRules(origins)
  return rules.ok ? rules.value : noOrigin
}

/**
 * The rules of every project, compiled once per value of a project. A change makes a new value in the directory, and the
 * old rules go with the old one, so nothing here can be stale.
 */
export class ProjectRulesBook {
  readonly deployment: DeploymentRules
  readonly #directory: ProjectDirectory
  readonly #compiled = new WeakMap<Project, ProjectRules>()

  constructor(directory: ProjectDirectory, deployment: DeploymentRules) {
    this.#directory = directory
    this.deployment = deployment
  }

  /** Undefined: there is no such project (any more). */
  of(projectId: string): ProjectRules | undefined {
    const project = this.#directory.project(projectId)
    return project && this.ofProject(project)
  }

  ofProject(project: Project): ProjectRules {
    const known = this.#compiled.get(project)
    if (known) return known
    const rules = new ProjectRules(project, this.deployment)
    this.#compiled.set(project, rules)
    return rules
  }
}

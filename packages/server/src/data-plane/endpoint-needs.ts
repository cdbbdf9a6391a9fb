import type { Clock, EngineApi, EngineStatus, EventStream } from '@xshathra/engine'
import type { ConnectionsOfProjects } from '../tenancy/follow-project-changes.ts'
import type { Mint } from '../tenancy/mint.ts'
import type { ProjectTenancy } from '../tenancy/project-tenancy.ts'
import type { EngineProblems } from './engine-problems.ts'

/** The engine as the data plane uses it: any that has these three. */
export interface DataPlaneEngine extends ConnectionsOfProjects {
  readonly api: EngineApi
  readonly events?: EventStream | undefined
  status(): EngineStatus
}

/** What endpoints work with. */
export interface EndpointNeeds {
  readonly engine: DataPlaneEngine
  readonly tenancy: ProjectTenancy
  readonly mint: Mint
  readonly clock: Clock
  readonly problemOf: EngineProblems
}

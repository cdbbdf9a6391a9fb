import type { ConnectionLimits } from '@xshathra/engine'
import type { Quotas } from '../projects/project.ts'

/** What a project gets where nobody says otherwise: enough for most, and no project can take all from the others. */
export const defaultQuotas: Quotas = {
  connections: 200_000,
  connectionsPerUser: 100_000,
  publishesPerSecond: 50_000,
  messageBytes: 1_048_576,
  // Half of what a history file holds by default.
  historyBytes: 4 * 1024 ** 3,
}

/** A project's own quotas over the deployment's. */
export const quotasInForce = (own: Quotas, deployment: Quotas): Quotas => ({
  connections: own.connections ?? deployment.connections,
  connectionsPerUser: own.connectionsPerUser ?? deployment.connectionsPerUser,
  publishesPerSecond: own.publishesPerSecond ?? deployment.publishesPerSecond,
  messageBytes: own.messageBytes ?? deployment.messageBytes,
  channelsPerConnection: own.channelsPerConnection ?? deployment.channelsPerConnection,
  historyBytes: own.historyBytes ?? deployment.historyBytes,
})

/** The quotas that connections are held to. */
export const connectionLimits = ({
  connections,
  connectionsPerUser,
  channelsPerConnection,
  messageBytes,
}: Quotas): ConnectionLimits => ({ connections, connectionsPerUser, channelsPerConnection, messageBytes })

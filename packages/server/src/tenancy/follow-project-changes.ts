import type { ConnectionView } from '@xshathra/engine'
import { type Disconnect, disconnects } from '@xshathra/protocol'
import type { ProjectChange, ProjectDirectory } from '../projects/project-directory.ts'

/** The part of an engine that ends connections. */
export interface ConnectionsOfProjects {
  disconnectWhere(isMeant: (connection: ConnectionView) => boolean, disconnect?: Disconnect): void
}

/**
 * Ends open connections that a change leaves without a ground to stand on: those of archived and removed projects, those
 * admitted or subscribed by keys that ended, and anonymous ones where they are not allowed any more. Returns how to stop.
 */
export const followProjectChanges = (directory: ProjectDirectory, engine: ConnectionsOfProjects): (() => void) =>
  directory.onChange(({ projectId, kind, endedKeyIds }: ProjectChange) => {
    const project = directory.project(projectId)
    if (project === undefined || project.archivedAtMs !== undefined) {
      engine.disconnectWhere(({ scope }) => scope === projectId, disconnects.permissionDenied)
      return
    }
    if (endedKeyIds.length > 0) {
      const ended = new Set<string | undefined>(endedKeyIds)
      engine.disconnectWhere(
        ({ credentialId }) => credentialId !== undefined && ended.has(credentialId),
        disconnects.invalidToken,
      )
      // The connection itself has another ground: it may come back, without what the key had opened to it.
      engine.disconnectWhere(
        ({ subscriptionCredentialIds = [] }) => subscriptionCredentialIds.some((id) => ended.has(id)),
        disconnects.forceReconnect,
      )
    }
    if (kind === 'project' && !project.allowAnonymous) {
      engine.disconnectWhere(({ scope, user }) => scope === projectId && user === '', disconnects.permissionDenied)
    }
  })

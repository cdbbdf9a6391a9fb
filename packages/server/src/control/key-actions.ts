import { z } from 'zod'
import { keyRotation } from '../projects/project-input.ts'
import type { KeyInfo } from '../projects/project-store.ts'
import { action, auditedAction, type ControlAction, projectId, shown, timeOf } from './control-action.ts'

/** Actions on the keys of a project. */
export const keyActions = {
  'key.list': action(z.strictObject({ projectId }), async ({ projects }, { projectId }) =>
    shown(await projects.keys(projectId), (keys) => keys.map(showKey)),
  ),

  'key.rotate': auditedAction(
    z.strictObject({ projectId, rotation: keyRotation }),
    async ({ projects }, { projectId, rotation }) =>
      shown(await projects.rotateKey(projectId, rotation), ({ text, previousValidUntilMs }) => ({
        // Shown this once.
        [rotation.kind === 'server' ? 'serverApiKey' : 'clientApiKey']: text.reveal(),
        previousValidUntil: timeOf(previousValidUntilMs) ?? null,
      })),
    ({ projectId, rotation }) => ({ target: projectId, after: rotation }),
  ),

  'key.revoke': auditedAction(
    z.strictObject({ projectId, keyId: z.string() }),
    async ({ projects }, { projectId, keyId }) => shown(await projects.revokeKey(projectId, keyId), showKey),
    ({ projectId, keyId }) => ({ target: projectId, after: { keyId } }),
  ),
} as const satisfies Record<string, ControlAction>

const showKey = ({ id, kind, prefix, createdAtMs, lastUsedAtMs, expiresAtMs, revokedAtMs }: KeyInfo) => ({
  keyId: id,
  kind,
  prefix,
  createdAt: timeOf(createdAtMs),
  lastUsedAt: timeOf(lastUsedAtMs),
  validUntil: timeOf(expiresAtMs),
  revokedAt: timeOf(revokedAtMs),
})

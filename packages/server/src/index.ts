export type * from './accounts/account.ts'
export { type NewAccount, newAccount, password as accountPassword } from './accounts/account-input.ts'
export { AccountStore } from './accounts/account-store.ts'
export { type Auth, createAuth, type SignedIn } from './accounts/auth.ts'
export { type FirstOwner, prepareFirstOwner } from './accounts/first-owner.ts'
export { isRole, mayActAs, type Role, roles } from './accounts/roles.ts'
export { SetupLinks } from './accounts/setup-links.ts'
export { type AuditEntry, type AuditEvent, AuditLog } from './audit/audit-log.ts'
export { renderConfigReference } from './config/config-reference.ts'
export { loadEngineConfig } from './config/load-engine-config.ts'
export {
  type EffectiveValue,
  type Environment,
  type FlagValue,
  type LoadedServerConfig,
  loadServerConfig,
} from './config/load-server-config.ts'
export type { ServerConfig } from './config/server-config.ts'
export type { VariableName } from './config/server-variables.ts'
export type { ControlRooms } from './control/control-action.ts'
export { type ControlActionName, runControlAction } from './control/control-actions.ts'
export { type ControlOutcome, callControl, ServerNotReached } from './control/control-client.ts'
export { type ControlAddress, readControlFile } from './control/control-file.ts'
export { type DataPlaneNeeds, dataPlane } from './data-plane/data-plane.ts'
export type { DataPlaneEngine } from './data-plane/endpoint-needs.ts'
export { backupDatabase, restoreDatabase } from './database/backup.ts'
export type * from './database/database.ts'
export { DatabaseUnusable } from './database/database-unusable.ts'
export { systemProjectId } from './database/fixed-rows.ts'
export { type DatabasePlace, openDatabase } from './database/open-database.ts'
export { isStoreFailure } from './database/store-failure.ts'
export { socketUrl } from './platform/open-http.ts'
export { openPlatform, type Platform, type PlatformNeeds } from './platform/open-platform.ts'
export { databaseFile } from './platform/open-stores.ts'
export * from './problems.ts'
export { keyPattern, readKeyKind } from './projects/key-text.ts'
export { createProjectStore } from './projects/kysely-project-store.ts'
export { type LiveDirectory, openLiveDirectory } from './projects/live-directory.ts'
export type * from './projects/project.ts'
export type * from './projects/project-directory.ts'
export { newProjectId, readProjectId } from './projects/project-id.ts'
export * from './projects/project-input.ts'
export type * from './projects/project-store.ts'
export { createAtRestKey } from './secrets/encryption-at-rest.ts'
export { type DeploymentSecrets, loadSecrets, SecretsUnusable, secretSources } from './secrets/load-secrets.ts'
export { requireSameMaster, WrongMasterSecret } from './secrets/master-fingerprint.ts'
export { Secret } from './secrets/secret.ts'
export { type ProjectChannel, readChannelName, shortName } from './tenancy/channel-grammar.ts'
export type { ChannelRefusal } from './tenancy/channel-refusal.ts'
export { type Explanation, explainAction, explainConnect } from './tenancy/explain.ts'
export { followProjectChanges } from './tenancy/follow-project-changes.ts'
export { createMint, type Mint } from './tenancy/mint.ts'
export { defaultNamespaceCaps, type NamespaceCaps, type ProjectNamespace } from './tenancy/namespace-rules.ts'
export type { ProjectRules } from './tenancy/project-rules.ts'
export {
  createProjectTenancy,
  type ProjectResolution,
  type ProjectTenancy,
  type ProjectTenancyOptions,
  systemNamespace,
} from './tenancy/project-tenancy.ts'
export { defaultQuotas } from './tenancy/quotas.ts'

/** The engine without IO: no sockets, files or token libraries. */
export { createMemoryBroker } from './broker/memory-broker.ts'
export * from './clock.ts'
export { createEngineCore, EngineCore, type EngineCoreNeeds } from './embedded/engine-core.ts'
export * from './events.ts'
export * from './maybe-promise.ts'
export * from './names.ts'
export * from './options.ts'

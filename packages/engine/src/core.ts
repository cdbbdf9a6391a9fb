/** The engine without IO: no sockets, files or token libraries. */
export * from './clock.ts'
export * from './events.ts'
export * from './maybe-promise.ts'
export * from './names.ts'
export * from './options.ts'

export * from './codec.ts'
export * from './codes.ts'
export * from './messages.ts'
export * from './result.ts'

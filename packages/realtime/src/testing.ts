export { createTestServer } from './testing/memory-server.ts'
export type { MemorySocket } from './testing/memory-socket.ts'
export type { TestNamespace } from './testing/test-namespaces.ts'
export type { SeenConnection, SeenPublication, TestServer, TestServerOptions } from './testing/test-server.ts'

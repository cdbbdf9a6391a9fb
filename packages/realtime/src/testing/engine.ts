/**
 * All that the test server takes from the engine: its core, and the protocol. The published package carries these in
 * this one file, bundled, since they are not published themselves.
 */
export { createEngineCore, createMemoryBroker, defaultClientOptions, type EngineCore } from '@xshathra/engine/core'
export {
  type ClientInfo,
  defaultChannelSyntax,
  delimitLine,
  disconnects,
  errors,
  jsonCodec,
  type ProtocolError,
  type Result as EngineResult,
} from '@xshathra/protocol'

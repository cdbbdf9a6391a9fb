export {
  type ChannelName,
  type ChannelSyntax,
  defaultChannelSyntax,
  fitsInBytes,
  isAscii,
  readChannelName,
} from './channel-name.ts'
export { toCloseCode, truncateCloseReason } from './close-reason.ts'
export { type Codec, type CommandReader, InappropriatePayload, malformed } from './codec.ts'
export * from './codes.ts'
export { createFossilDelta, createTextFossilDelta } from './fossil-delta.ts'
export { delimitLine, delimitVarint } from './framing.ts'
export { isJsonObject, isJsonValue } from './is-json-value.ts'
export { jsonCodec } from './json-codec.ts'
export { JsonScanner, KeyTable } from './json-scanner.ts'
export type * from './messages.ts'
export { protobufCodec } from './protobuf-codec.ts'
export { ProtobufReader } from './protobuf-reader.ts'
export { failed, ok, type Result } from './result.ts'
export { compileTagsFilter, type TagsFilter } from './tags-filter.ts'

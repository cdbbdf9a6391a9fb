import { errors, type RpcRequest } from '@xshathra/protocol'
import type { Connection } from '../connection.ts'

/** Remote calls are not offered, but for the configured ping method. Source: Centrifugo without an RPC proxy. */
export const rpc = (connection: Connection, id: number, { method }: RpcRequest): void => {
  const { rpcPingMethod } = connection.parts.client
  if (rpcPingMethod === undefined) return connection.refuse('rpc', id, errors.notAvailable, 'no RPC is configured')
  if (method !== rpcPingMethod) return connection.refuse('rpc', id, errors.methodNotFound, 'unknown RPC method')
  connection.reply({ kind: 'rpc', id, result: {} })
}

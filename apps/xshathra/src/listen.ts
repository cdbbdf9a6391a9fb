import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { failed, ok, type Result } from '@xshathra/protocol'

export interface ListenAddress {
  /** `''` is every interface, as Centrifugo has it. */
  readonly host: string
  /** 0 lets the system choose. */
  readonly port: number
}

/** Connections that wait to be accepted: thousands come at once when clients reconnect after a restart. */
const backlog = 4096

/** Opens the port. Answers the URL under which this machine reaches it, or one sentence on why that did not work. */
export const listen = (server: Server, { host, port }: ListenAddress): Promise<Result<string, string>> =>
  new Promise((resolve) => {
    const onError = (error: NodeJS.ErrnoException) => resolve(failed(explainListenError(error, { host, port })))
    server.once('error', onError)
    server.listen({ port, backlog, ...(host === '' ? {} : { host }) }, () => {
      server.off('error', onError)
      resolve(ok(urlOf(server.address() as AddressInfo)))
    })
  })

const urlOf = ({ address, family, port }: AddressInfo): string => {
  const isEverywhere = address === '::' || address === '0.0.0.0'
  const host = isEverywhere ? 'localhost' : family === 'IPv6' ? `[${address}]` : address
  return `http://${host}:${port}`
}

/** One sentence for people about why a port could not be opened. */
export const explainListenError = ({ code, message }: NodeJS.ErrnoException, { host, port }: ListenAddress): string => {
  const place = host === '' ? `port ${port}` : `${host}:${port}`
  switch (code) {
    case 'EADDRINUSE':
      return `${place} is in use by another program. Stop it, or choose another port with --port`
    case 'EACCES':
      return `${place} may not be opened by this user. Choose a port of 1024 or more with --port`
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
      return `${host} is no address of this machine. Choose another with --address`
    default:
      return `${place} could not be opened: ${message}`
  }
}

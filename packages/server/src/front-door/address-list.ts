import { BlockList, isIP } from 'node:net'
import { failed, ok, type Result } from '@xshathra/protocol'

/** IP addresses and networks, for asking whether an address is among them. */
export interface AddressList {
  readonly isEmpty: boolean
  includes(address: string): boolean
}

export const emptyAddressList: AddressList = { isEmpty: true, includes: () => false }

/**
 * Reads addresses and networks (`10.0.0.0/8`, `::1`), separated by commas or spaces. The problem is the first part that
 * is neither.
 */
export const parseAddressList = (text: string): Result<AddressList, string> => {
  const parts = text.split(/[\s,]+/).filter((part) => part !== '')
  if (parts.length === 0) return ok(emptyAddressList)
  const list = new BlockList()
  for (const part of parts) if (!add(list, part)) return failed(part)
  return ok({ isEmpty: false, includes: (address) => check(list, address) })
}

const add = (list: BlockList, part: string): boolean => {
  const [address = '', bits, ...rest] = part.split('/')
  const family = familyOf(address)
  if (family === undefined || rest.length > 0) return false
  if (bits === undefined) {
    list.addAddress(address, family)
    return true
  }
  const length = /^\d{1,3}$/.test(bits) ? Number(bits) : Number.NaN
  if (!(length <= (family === 'ipv4' ? 32 : 128))) return false
  list.addSubnet(address, length, family)
  return true
}

const check = (list: BlockList, address: string): boolean => {
  const plain = withoutMapping(address)
  const family = familyOf(plain)
  return family !== undefined && list.check(plain, family)
}

const familyOf = (address: string): 'ipv4' | 'ipv6' | undefined => {
  const version = isIP(address)
  return version === 4 ? 'ipv4' : version === 6 ? 'ipv6' : undefined
}

/** An IPv4 address as a socket of both families writes it, `::ffff:127.0.0.1`, is the IPv4 address (RFC 4291 §2.5.5.2). */
export const withoutMapping = (address: string): string =>
  address.startsWith('::ffff:') && isIP(address.slice(7)) === 4 ? address.slice(7) : address

/** Whether an address is this machine's own loopback. */
export const isLoopback = (address: string): boolean => {
  const plain = withoutMapping(address)
  return plain === '::1' || (isIP(plain) === 4 && plain.startsWith('127.'))
}

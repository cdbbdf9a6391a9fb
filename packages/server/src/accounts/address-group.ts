import { isIPv4, isIPv6 } from 'node:net'

/** Whom an address stands for when attempts are counted: an IPv4 address, or the /64 that one IPv6 host has to itself. */
export const addressGroup = (address: string): string => {
  const mapped = /^::ffff:([\d.]+)$/i.exec(address)?.[1]
  if (mapped !== undefined && isIPv4(mapped)) return mapped
  if (!isIPv6(address)) return address
  const [head = '', tail] = address.toLowerCase().split('::')
  const front = head === '' ? [] : head.split(':')
  const back = tail === undefined || tail === '' ? [] : tail.split(':')
  const gap = tail === undefined ? 0 : 8 - front.length - back.length
  const groups = [...front, ...Array.from({ length: gap }, () => '0'), ...back]
  return `${groups.slice(0, 4).map(withoutZeros).join(':')}::/64`
}

const withoutZeros = (group: string): string => group.replace(/^0+(?=.)/, '')

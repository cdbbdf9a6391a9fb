import { isIP } from 'node:net'

/** Whether this server serves a Host header; absent: none was sent. */
export type HostRule = (host: string | undefined) => boolean

/**
 * The host names we answer to. A page elsewhere can point a name of its own at our address and so reach us from the
 * visitor's browser as if it were our own origin (DNS rebinding); it cannot make that name one of these: localhost, an IP
 * address, and the public URL's host with, behind it, names without a dot, which only a local network gives.
 */
export const createHostRule = (publicUrl: string | undefined): HostRule => {
  const publicName = publicUrl === undefined ? undefined : new URL(publicUrl).hostname
  const isServed = (name: string): boolean =>
    name === 'localhost' ||
    isAddress(name) ||
    (publicName !== undefined && (name === publicName || /^[a-z0-9_-]+$/.test(name)))
  return (host) => host !== undefined && isServed(nameOf(host))
}

/** Without the port, and without the dot at the end that an absolute name may have. */
const nameOf = (host: string): string => host.toLowerCase().replace(/:\d*$/, '').replace(/\.$/, '')

const isAddress = (name: string): boolean => isIP(name.replace(/^\[(.*)\]$/, '$1')) !== 0

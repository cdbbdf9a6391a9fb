import { isUtf8 } from 'node:buffer'
import { JsonScanner } from '@xshathra/protocol'

/**
 * The members of one JSON object, each as its very bytes, for payloads that travel on without being parsed and written
 * again: that would change numbers beyond 2^53, `1.0`, escapes and white space. Undefined for anything but one valid
 * object in UTF-8. Of a repeated name the last counts. The values are views into `text`.
 */
export const readMembers = (text: Buffer): Map<string, Buffer> | undefined => {
  if (!isUtf8(text)) return undefined
  const members = new Map<string, Buffer>()
  const scanner = new JsonScanner(text)
  for (let more = scanner.openObject(); more; more = scanner.nextMember()) {
    members.set(scanner.name(), scanner.raw())
  }
  return scanner.isComplete() ? members : undefined
}

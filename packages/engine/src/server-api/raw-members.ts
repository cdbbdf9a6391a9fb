import { isUtf8 } from 'node:buffer'
import { JsonScanner } from '@xshathra/protocol'

/**
 * The members of the JSON object that a body is, each as its very bytes, for payloads that travel on without being
 * parsed and written again. Undefined for anything but one valid JSON object in UTF-8. Of a repeated name the last
 * counts. The values are views into `body`.
 */
export const readMembers = (body: Buffer): Map<string, Buffer> | undefined => {
  if (!isUtf8(body)) return undefined
  const members = new Map<string, Buffer>()
  const scanner = new JsonScanner(body)
  for (let more = scanner.openObject(); more; more = scanner.nextMember()) {
    members.set(scanner.name(), scanner.raw())
  }
  return scanner.isComplete() ? members : undefined
}

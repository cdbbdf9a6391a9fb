import type { ClientInfo, PresenceResult } from 'centrifuge'
import { omitUndefined } from './omit-undefined.ts'

/** A connection that is subscribed to the channel. */
export interface Member {
  /** Id of the connection; one user may have several. */
  readonly client: string
  readonly userId: string
  /** `info` of the connection's token. */
  readonly connInfo?: unknown
  /** `info` of the subscription's token. */
  readonly chanInfo?: unknown
}

interface PresenceViewNeeds {
  readonly load: () => Promise<PresenceResult>
  readonly onMembers: (members: readonly Member[]) => void
  readonly onError: (error: unknown) => void
}

type Change = (members: Map<string, Member>) => void

/** Who is in a channel: asked for once, and kept up to date by joins and leaves. */
export class PresenceView {
  readonly #needs: PresenceViewNeeds
  /** Absent while it is not known. */
  #members: Map<string, Member> | undefined
  /** What happened while the answer is under way, to come on top of it; absent while nothing is asked. */
  #pending: Change[] | undefined

  constructor(needs: PresenceViewNeeds) {
    this.#needs = needs
  }

  /** Asks who is there, unless it is known or being asked. */
  async start(): Promise<void> {
    if (this.#members !== undefined) return this.#tell()
    if (this.#pending !== undefined) return
    const pending: Change[] = []
    this.#pending = pending
    try {
      const { clients } = await this.#needs.load()
      // It was stopped meanwhile, and perhaps started again.
      if (this.#pending !== pending) return
      const members = new Map(Object.values(clients).map((info) => [info.client, memberOf(info)]))
      for (const apply of pending) apply(members)
      this.stop()
      this.#members = members
      this.#tell()
    } catch (error) {
      if (this.#pending !== pending) return
      this.stop()
      this.#needs.onError(error)
    }
  }

  /** Forgets: what happens from now on is not seen. */
  stop(): void {
    this.#pending = undefined
    this.#members = undefined
  }

  join(info: ClientInfo): void {
    this.#apply((members) => members.set(info.client, memberOf(info)))
  }

  leave({ client }: ClientInfo): void {
    this.#apply((members) => members.delete(client))
  }

  #apply(change: Change): void {
    this.#pending?.push(change)
    if (this.#members === undefined) return
    change(this.#members)
    this.#tell()
  }

  #tell(): void {
    this.#needs.onMembers([...(this.#members?.values() ?? [])])
  }
}

export const memberOf = ({ client, user, connInfo, chanInfo }: ClientInfo): Member =>
  omitUndefined({ client, userId: user, connInfo, chanInfo })

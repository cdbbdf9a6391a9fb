import { type Clock, signHs256 } from '@xshathra/engine'
import { failed, ok, type Payload, type Result } from '@xshathra/protocol'
import type { ProjectId } from '../projects/project.ts'
import type { ChannelRefusal } from './channel-refusal.ts'
import { fullUser } from './minted-user.ts'
import type { ProjectTenancy } from './project-tenancy.ts'

export interface MintNeeds {
  readonly tenancy: ProjectTenancy
  /** The engine secret: no customer ever holds it. */
  readonly secret: string
  readonly clock: Clock
}

interface TokenWish {
  /** As the customer knows the user. */
  readonly userId: string
  readonly ttlSeconds: number
  /** Text of a JSON object, passed on byte for byte. */
  readonly info?: Payload | undefined
}

/** A channel that no token of this project may name. `index` counts from 0. */
export interface UnmintableChannel {
  readonly index: number
  readonly refusal: ChannelRefusal
}

/**
 * Makes the tokens of customers' users, the same for both engines: `sub` is `projectId:userId` and channels are full
 * names. Since a signed token alone decides, also on a Centrifugo that knows no projects, the names of others are refused
 * here.
 */
export const createMint = ({ tenancy, secret, clock }: MintNeeds) => {
  const sign = (projectId: ProjectId, { userId, ttlSeconds, info }: TokenWish, channels: string): string => {
    const now = Math.floor(clock.now() / 1000)
    const subject = JSON.stringify(fullUser(projectId, userId))
    const infoClaim = info === undefined ? '' : `,"info":${Buffer.from(info).toString('utf8')}`
    const project = `"projectId":"${projectId}"`
    const claims = `{"sub":${subject},"exp":${now + ttlSeconds},"iat":${now}${channels}${infoClaim},${project},"meta":{${project}}}`
    return signHs256(Buffer.from(claims), secret)
  }

  const resolveAll = (projectId: ProjectId, names: readonly string[]): Result<string[], UnmintableChannel> => {
    const channels: string[] = []
    for (const [index, name] of names.entries()) {
      const resolution = tenancy.resolve(projectId, name)
      if (resolution.kind === 'refused') return failed({ index, refusal: resolution })
      channels.push(resolution.channel)
    }
    return ok(channels)
  }

  return {
    /** `channels`: what the connection is subscribed to from the start, by full or short names. */
    connectionToken(
      projectId: ProjectId,
      wish: TokenWish & { readonly channels?: readonly string[] | undefined },
    ): Result<string, UnmintableChannel> {
      const channels = resolveAll(projectId, wish.channels ?? [])
      if (!channels.ok) return channels
      const claim = channels.value.length === 0 ? '' : `,"channels":${JSON.stringify(channels.value)}`
      return ok(sign(projectId, wish, claim))
    },

    subscriptionToken(
      projectId: ProjectId,
      wish: TokenWish & { readonly channel: string },
    ): Result<string, UnmintableChannel> {
      const channels = resolveAll(projectId, [wish.channel])
      return channels.ok ? ok(sign(projectId, wish, `,"channel":${JSON.stringify(channels.value[0])}`)) : channels
    },
  }
}

export type Mint = ReturnType<typeof createMint>

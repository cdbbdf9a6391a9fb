import { errors, type ProtocolError } from '@xshathra/protocol'
import type { ProblemCode } from '../problems.ts'
import { maxNameBytes, type NameFault } from './channel-grammar.ts'

/** Why a name leads nowhere for its caller: as sockets, HTTP and people are told. */
export interface ChannelRefusal {
  readonly kind: 'refused'
  readonly error: ProtocolError
  readonly problem: ProblemCode
  /** A whole sentence, shown to customers. */
  readonly rule: string
}

export type ChannelFault = NameFault | 'namespace of the system' | 'no such project'

const refusal = (error: ProtocolError, problem: ProblemCode, rule: string): ChannelRefusal =>
  Object.freeze({
    kind: 'refused',
    error: Object.freeze({ ...error, message: `${error.message}: ${rule}` }),
    problem,
    rule,
  })

/** One object per reason: refusing allocates nothing, and no answer repeats what the caller wrote. */
export const channelRefusals: Readonly<Record<ChannelFault, ChannelRefusal>> = {
  'no namespace': refusal(
    errors.unknownChannel,
    'unknown_namespace',
    'A channel name starts with a namespace, as in chat:room.',
  ),
  'unknown namespace': refusal(
    errors.unknownChannel,
    'unknown_namespace',
    'There is no such namespace; the operator adds one under channel.namespaces in centrifugo/config.json.',
  ),
  // The same whether that project exists or not: names must not tell.
  'another project': refusal(
    errors.permissionDenied,
    'channel_of_another_project',
    'The channel name carries the id of another project.',
  ),
  'short name of an operator': refusal(
    errors.badRequest,
    'invalid_channel',
    'An operator names channels in full: namespace:projectId:rest.',
  ),
  empty: refusal(errors.badRequest, 'invalid_channel', 'Nothing follows the namespace.'),
  'not personal': refusal(
    errors.badRequest,
    'invalid_channel',
    'A personal channel is namespace:#userId, for one user of printable ASCII without space, # and comma.',
  ),
  'too long': refusal(errors.badRequest, 'invalid_channel', `A full channel name takes ${maxNameBytes} bytes at most.`),
  'ill-formed': refusal(errors.badRequest, 'invalid_channel', 'The channel name is not well-formed Unicode.'),
  'namespace of the system': refusal(
    errors.permissionDenied,
    'namespace_not_allowed',
    'The namespace is reserved for Xshathra itself.',
  ),
  'no such project': refusal(errors.unknownChannel, 'not_found', 'There is no such project.'),
}

import { assertTemplate, fillTemplate, type ParamsOf } from './channel-template.ts'
import type { InputOf, OutputOf, StandardSchema } from './standard-schema.ts'
import type { TypedChannel } from './typed-channel.ts'

export interface ChannelDefinition {
  /** The channel's name, with parameters in braces: `chat:room:{roomId}`. */
  readonly channel: string
  /** A schema of any library that speaks Standard Schema: Zod, Valibot, ArkType … */
  readonly message: StandardSchema
}

/** A function for each definition; it takes the parameters of its template and returns the typed channel. */
export type DefinedChannels<Definitions extends Readonly<Record<string, ChannelDefinition>>> = {
  readonly [Name in keyof Definitions]: ChannelMaker<
    Definitions[Name]['channel'],
    TypedChannel<InputOf<Definitions[Name]['message']>, OutputOf<Definitions[Name]['message']>>
  >
}

export type ChannelMaker<Template extends string, Made> = [ParamsOf<Template>] extends [never]
  ? () => Made
  : (params: { readonly [Param in ParamsOf<Template>]: string | number }) => Made

/**
 * Describes an application's channels once, for its backend and its clients: names with typed parameters, and messages
 * that are checked where they are published and again where they arrive. What travels is the message as it was given;
 * defaults and transformations of the schema take effect on the receiving side. Throws a TypeError for a template that
 * is no channel name. Pure: it runs everywhere.
 *
 * @example
 * import { z } from 'zod'
 * import { defineChannels, publish } from '@xshathra/realtime'
 *
 * const channels = defineChannels({
 *   room: { channel: 'chat:room:{roomId}', message: z.object({ text: z.string().max(2000) }) },
 * })
 * await publish(channels.room({ roomId: 7 }), { text: 'hello' })
 */
export const defineChannels = <const Definitions extends Readonly<Record<string, ChannelDefinition>>>(
  definitions: Definitions,
): DefinedChannels<Definitions> => {
  const makers = Object.entries(definitions).map(([key, { channel, message }]) => {
    assertTemplate(channel)
    if (typeof message?.['~standard']?.validate !== 'function') {
      throw new TypeError(
        `the message of "${key}" must be a schema that speaks Standard Schema, such as z.object({ … })`,
      )
    }
    const make = (params: Readonly<Record<string, unknown>> = {}): TypedChannel => ({
      name: fillTemplate(channel, params),
      message,
    })
    return [key, make]
  })
  // Each maker takes what the template of its own definition asks for, which entries cannot tell the compiler.
  return Object.fromEntries(makers) as unknown as DefinedChannels<Definitions>
}

import { type Codec, malformed } from '../codec.ts'
import type { Command } from '../messages.ts'

/** All that a frame says: its commands, and `'malformed'` at the end where it breaks off. */
export const readAll = (codec: Codec, frame: Uint8Array): (Command | 'malformed')[] => {
  const reader = codec.readCommands(frame)
  const said: (Command | 'malformed')[] = []
  for (let command = reader.next(); command !== undefined; command = reader.next()) {
    said.push(command === malformed ? 'malformed' : command)
  }
  return said
}

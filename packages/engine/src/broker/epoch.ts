const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'

/** How many letters an epoch has. Centrifugo, lib internal/epoch. */
const epochLength = 8

/** Makes an epoch out of a source of numbers in [0, 1). Epochs tell lives of a stream apart; they are no secret. */
export const drawEpoch = (random: () => number): string => {
  let epoch = ''
  for (let index = 0; index < epochLength; index += 1) epoch += letters[Math.floor(random() * letters.length)]
  return epoch
}

/** Makes an epoch out of eight bytes of a hash: the same bytes, the same epoch. */
export const epochFromBytes = (bytes: Uint8Array): string => {
  let epoch = ''
  for (let index = 0; index < epochLength; index += 1) epoch += letters[(bytes[index] as number) % letters.length]
  return epoch
}

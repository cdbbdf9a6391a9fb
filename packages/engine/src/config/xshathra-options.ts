import { choice, dictionary, group, integer, type ValueOf } from './option-kinds.ts'

const durabilities = ['process', 'power', 'memory'] as const

/**
 * Our own options, all under the top-level key `xshathra`, which a real Centrifugo that reads the same file passes over
 * with a warning. They are set in the file only.
 */
export const xshathraOptions = group({
  history: group({
    durability: choice('process', durabilities),
    /** Of all history together; 0: what the broker takes for itself. */
    max_bytes: integer(),
  }),
  namespaces: dictionary({
    /** Empty: as `history.durability` says. */
    durability: choice('', ['', ...durabilities]),
  }),
})

export type XshathraSettings = ValueOf<typeof xshathraOptions>

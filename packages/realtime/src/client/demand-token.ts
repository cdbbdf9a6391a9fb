import { UnauthorizedError } from 'centrifuge'

/** What a callback for tokens may give; nothing means that there will be none. */
export type TokenAnswer = Promise<string | null | undefined> | string | null | undefined

/** Makes a callback for tokens into one of the client library, which ends the connection where there is no token. */
export const demandToken =
  <Context>(get: (context: Context) => TokenAnswer) =>
  async (context: Context): Promise<string> => {
    const token = await get(context)
    if (token) return token
    throw new UnauthorizedError('there is no token')
  }

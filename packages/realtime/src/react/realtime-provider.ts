import { createContext, createElement, type ReactNode, useContext, useMemo } from 'react'
import type { ConnectionOptions } from '../client/connection.ts'
import { useLatest } from './use-latest.ts'

const ConnectionContext = createContext<ConnectionOptions | undefined>(undefined)

export interface RealtimeProviderProps extends ConnectionOptions {
  readonly children?: ReactNode
}

/**
 * Says how everything below connects. The connection opens with the first hook that needs it, and is one for all of
 * them. `getToken` may be a new function at each render; who the user is changes with `identity`, `token` or a `key`.
 *
 * @example
 * import { createElement, type ReactNode } from 'react'
 * import { fetchToken } from '@xshathra/realtime/client'
 * import { RealtimeProvider } from '@xshathra/realtime/react'
 *
 * export const Providers = ({ children }: { children: ReactNode }) =>
 *   createElement(RealtimeProvider, { getToken: fetchToken('/api/realtime-token') }, children)
 */
export const RealtimeProvider = ({ children, ...options }: RealtimeProviderProps): ReactNode => {
  const { url, token, getToken, clientApiKey, identity, websocket } = options
  const latest = useLatest(getToken)
  const hasGetToken = getToken !== undefined
  const shared = useMemo<ConnectionOptions>(
    () => ({
      url,
      token,
      getToken: hasGetToken ? () => latest.current?.() : undefined,
      clientApiKey,
      identity,
      websocket,
    }),
    [url, token, hasGetToken, latest, clientApiKey, identity, websocket],
  )
  return createElement(ConnectionContext.Provider, { value: shared }, children)
}

/** How to connect, as the nearest provider says. */
export const useConnectionOptions = (): ConnectionOptions => {
  const options = useContext(ConnectionContext)
  if (options === undefined) throw new Error('a hook of @xshathra/realtime/react needs a <RealtimeProvider> above it')
  return options
}

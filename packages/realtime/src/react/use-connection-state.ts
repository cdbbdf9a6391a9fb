import { useCallback, useRef, useSyncExternalStore } from 'react'
import { type Connection, shareConnection } from '../client/connection.ts'
import type { ConnectionState } from '../client/status.ts'
import { useConnectionOptions } from './realtime-provider.ts'

/**
 * How the connection stands: `connecting`, `connected`, `offline` (it is tried again) or `refused`. Opens it where no
 * other hook has.
 *
 * @example
 * import { createElement } from 'react'
 * import { useConnectionState } from '@xshathra/realtime/react'
 *
 * export const Dot = () => createElement('span', { className: useConnectionState() })
 */
export const useConnectionState = (): ConnectionState => {
  const options = useConnectionOptions()
  const connection = useRef<Connection>(undefined)
  const listen = useCallback(
    (onChange: () => void) => {
      connection.current = shareConnection(options)
      const letGo = connection.current.hold({ onConnectionState: onChange })
      return () => {
        connection.current = undefined
        letGo()
      }
    },
    [options],
  )
  return useSyncExternalStore(listen, () => connection.current?.state ?? 'connecting', onServer)
}

const onServer = (): ConnectionState => 'connecting'

import type { CentrifugoSettings } from './centrifugo-options.ts'
import type { Findings } from './findings.ts'

/**
 * Refuses what would change who can reach the server, or who can read along, and is not honoured yet. Other options of
 * that kind are warnings; passing over one of these would leave open what the operator believes to be closed.
 */
export const checkListeners = ({ http_server: server }: CentrifugoSettings, findings: Findings): void => {
  const refuse = (option: string, message: string, cure: string) =>
    findings.problem(`http_server.${option}`, message, cure)
  const isElsewhere = server.internal_port !== '' && server.internal_port !== String(server.port)
  if (isElsewhere) {
    refuse('internal_port', 'cannot be given: there is one port for clients and backends', oneListener)
  }
  if (server.internal_address !== '' && server.internal_address !== server.address) {
    refuse('internal_address', 'cannot be given: there is one address for clients and backends', oneListener)
  }
  for (const option of ['tls', 'internal_tls', 'tls_autocert'] as const) {
    if (server[option].enabled) refuse(`${option}.enabled`, 'is set, and TLS is not spoken here', behindProxy)
  }
}

const oneListener = 'Remove it, and let a reverse proxy keep the server API from the outside.'
const behindProxy = 'Remove it, and end TLS in a reverse proxy.'

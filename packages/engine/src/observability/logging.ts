import { disconnects } from '@xshathra/protocol'
import { type DestinationStream, type Logger, pino } from 'pino'
import { type Clock, systemClock } from '../clock.ts'
import type { EventStream } from '../events.ts'
import { type EventHandlers, handleEvents } from './handle-events.ts'
import { LogBudget } from './log-budget.ts'

/** Names of Centrifugo's option `log.level`. */
export type LogLevel = 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal' | 'none'

/** Never logged, whoever logs it. No event has such fields; request headers and errors of libraries may. */
const secretFields = ['token', 'authorization', 'cookie', 'password', 'secret', 'apiKey', 'api_key', 'x-api-key']

/** JSON lines to standard output, or to `destination`. */
export const createLogger = (level: LogLevel, destination?: DestinationStream): Logger => {
  const options = {
    level: level === 'none' ? 'silent' : level,
    redact: {
      paths: secretFields.flatMap((name) => [`["${name}"]`, `*["${name}"]`, `*.headers["${name}"]`]),
      censor: '[secret]',
    },
  }
  return destination ? pino(options, destination) : pino(options)
}

/**
 * Writes the engine's events to a log until the returned function is called. Kinds that the log's level would drop are
 * not listened to. What somebody outside can cause at will is written within a budget, and what it left out is counted.
 */
export const logEvents = (events: EventStream, logger: Logger, clock: Clock = systemClock): (() => void) => {
  const budget = new LogBudget({
    clock,
    lines: 100,
    linesPerSource: 10,
    windowMs: 10_000,
    onSuppressed: (count) => logger.warn({ count }, 'more refusals and disconnects were not logged'),
  })
  const stop = handleEvents(events, {
    ...(logger.isLevelEnabled('error') ? surprises(logger) : {}),
    ...(logger.isLevelEnabled('info') ? refusals(logger, budget) : {}),
    ...(logger.isLevelEnabled('warn') ? disconnections(logger, budget) : {}),
    ...(logger.isLevelEnabled('debug') ? comings(logger) : {}),
  })
  return () => {
    stop()
    budget.close()
  }
}

const surprises = (logger: Logger): EventHandlers => ({
  store({ state, detail }) {
    if (state === 'failing')
      logger.error({ detail }, 'the history store fails: nothing is accepted for channels with history')
    else logger.warn({ detail }, 'the history store works again')
  },
  internal: ({ where, error }) => logger.error({ where, err: error }, 'internal error'),
})

const refusals = (logger: Logger, budget: LogBudget): EventHandlers => ({
  refuse({ kind: _, ...event }) {
    if (budget.take(event.client)) logger.info(event, 'refused')
  },
  reject({ kind: _, ...event }) {
    if (budget.take(`reject ${event.rule}`)) logger.info(event, 'connection turned away')
  },
})

const disconnections = (logger: Logger, budget: LogBudget): EventHandlers => ({
  disconnect({ kind: _, slow, ...event }) {
    if (slow) {
      if (budget.take('slow')) logger.warn(event, 'disconnected: too slow to take what it is sent')
    } else if (event.code === disconnects.connectionClosed.code) logger.debug(event, 'disconnected')
    else if (logger.isLevelEnabled('info') && budget.take(`disconnect ${event.code}`))
      logger.info(event, 'disconnected')
  },
})

const comings = (logger: Logger): EventHandlers => ({
  connect: ({ kind: _, ...event }) => logger.debug(event, 'connected'),
  subscribe: ({ kind: _, ...event }) => logger.debug(event, 'subscribed'),
  unsubscribe: ({ kind: _, ...event }) => logger.debug(event, 'unsubscribed'),
})

import { readFileSync } from 'node:fs'
import { Command, InvalidArgumentError } from 'commander'
import { type EngineFlags, runEngine } from './engine-command.ts'
import type { Terminal } from './terminal.ts'

const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as { version: string }

/** The command line. `onExit` is told the exit code of the command that ran. */
export const createProgram = (terminal: Terminal, onExit: (code: number) => void): Command => {
  const program = new Command('xshathra')
    .description('A realtime server that speaks the Centrifuge protocol.')
    .version(version)
    .showHelpAfterError('Run xshathra --help to see what there is.')
  program
    .command('engine')
    .description('serve the connections and the server API of a Centrifugo v6 configuration')
    .option('-c, --config <file>', 'configuration in JSON, YAML or TOML')
    .option('-a, --address <address>', 'interface to listen on; every one of them when nothing says otherwise')
    .option('-p, --port <port>', 'port to listen on; 0 lets the system choose', parsePort)
    .option('--data-dir <directory>', 'keep history there; without it, history is in memory and ends with the process')
    .option('--log-level <level>', 'trace, debug, info, warn, error, fatal or none')
    .option('--check', 'read the configuration, say what is wrong with it, and leave')
    .action(async (flags: EngineFlags) => onExit(await runEngine(flags, terminal)))
  return program
}

/** A port as people write it: digits only, so that a mistyped one is an error and not another port. */
export const parsePort = (text: string): number => {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN
  if (port <= 65_535) return port
  throw new InvalidArgumentError('A port is a number from 0 to 65535.')
}

import { readFileSync } from 'node:fs'
import { Command, InvalidArgumentError } from 'commander'
import { addAccountCommands } from './commands/account-commands.ts'
import { addBackupCommands } from './commands/backup-commands.ts'
import { addBenchCommand } from './commands/bench-command.ts'
import { addChannelCommands } from './commands/channel-commands.ts'
import { addCompletionCommand } from './commands/completion-command.ts'
import { addConfigCommand } from './commands/config-command.ts'
import { addDoctorCommand } from './commands/doctor-command.ts'
import { addKeyCommands } from './commands/key-commands.ts'
import { addNamespaceCommands } from './commands/namespace-commands.ts'
import { addProjectCommands } from './commands/project-commands.ts'
import { addSubscribeCommand } from './commands/subscribe-command.ts'
import { type EngineFlags, runEngine } from './engine-command.ts'
import { runStart, type StartFlags } from './start-command.ts'
import type { Terminal } from './terminal.ts'

const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as { version: string }

/** The command line. `onExit` is told the exit code of the command that ran. */
export const createProgram = (terminal: Terminal, onExit: (code: number) => void): Command => {
  const program = new Command('xshathra')
    .description('The realtime backbone that product teams run themselves: one program on one port.')
    .version(version)
    .showHelpAfterError('Run xshathra --help to see what there is.')
  addServers(program, terminal, onExit)
  const line = { terminal, onExit }
  addProjectCommands(program, line)
  addKeyCommands(program, line)
  addNamespaceCommands(program, line)
  addAccountCommands(program, line)
  addChannelCommands(program, line)
  addSubscribeCommand(program, line)
  addConfigCommand(program, line)
  addDoctorCommand(program, line)
  addBenchCommand(program, line)
  addBackupCommands(program, line)
  addCompletionCommand(program, line)
  return program
}

const addServers = (program: Command, terminal: Terminal, onExit: (code: number) => void): void => {
  program
    .command('start')
    .description('serve the platform: projects, their HTTP API and their sockets')
    .option('-a, --address <address>', 'interface to listen on; HOST says it too')
    .option('-p, --port <port>', 'port to listen on, 0 lets the system choose; PORT says it too', parsePort)
    .option('--data-dir <directory>', 'databases and secrets; XSHATHRA_DATA_DIR says it too')
    .option('--demo', 'make a project where there is none, and print its keys')
    .action(async (flags: StartFlags) => onExit(await runStart(flags, terminal)))
  program
    .command('engine')
    .description('serve the connections and the server API of a Centrifugo v6 configuration')
    .option('-c, --config <file>', 'configuration in JSON, YAML or TOML')
    .option('-a, --address <address>', 'interface to listen on; every one of them when nothing says otherwise')
    .option('-p, --port <port>', 'port to listen on; 0 lets the system choose', parsePort)
    .option(
      '--data-dir <directory>',
      'keep history there; XSHATHRA_DATA_DIR says it too; without, history ends with the process',
    )
    .option('--log-level <level>', 'trace, debug, info, warn, error, fatal or none')
    .option('--check', 'read the configuration, say what is wrong with it, and leave')
    .action(async (flags: EngineFlags) => onExit(await runEngine(flags, terminal)))
}

/** A port as people write it: digits only, so that a mistyped one is an error and not another port. */
export const parsePort = (text: string): number => {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN
  if (port <= 65_535) return port
  throw new InvalidArgumentError('A port is a number from 0 to 65535.')
}

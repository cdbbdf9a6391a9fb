import { type Command, Option } from 'commander'
import { addCommand, ask, type CommandLine, type CommonFlags, fail, type Question } from './command-line.ts'

interface AccountFlags extends CommonFlags {
  readonly email: string
  readonly role?: string
  readonly passwordStdin?: boolean
}

/** `xshathra account …`: people who sign in to the console. */
export const addAccountCommands = (program: Command, line: CommandLine): void => {
  const account = program.command('account').description('make accounts for people, and reset their passwords')

  addCommand(account, 'create', 'make an account')
    .requiredOption('--email <email>', 'its address')
    .option('--password-stdin', 'read the password from standard input')
    .addOption(
      new Option('--role <role>', 'what it may do')
        .choices(['owner', 'admin', 'developer', 'viewer'])
        .default('developer'),
    )
    .action(async (flags: AccountFlags) => {
      const { email, role } = flags
      line.onExit(
        await askWithPassword(line, flags, (password) => ({
          action: 'account.create',
          input: { email, role, password },
        })),
      )
    })

  addCommand(account, 'reset-password', 'give an account a new password, and end its sessions')
    .requiredOption('--email <email>', 'its address')
    .option('--password-stdin', 'read the password from standard input')
    .action(async (flags: AccountFlags) => {
      const { email } = flags
      line.onExit(
        await askWithPassword(line, flags, (password) => ({
          action: 'account.reset-password',
          input: { email, password },
        })),
      )
    })
}

/** Passwords come from standard input alone: arguments are seen by every user of the machine, and kept in histories. */
const askWithPassword = async (
  line: CommandLine,
  flags: AccountFlags,
  toQuestion: (password: string) => Question,
): Promise<number> => {
  if (!flags.passwordStdin) {
    const message = 'The password is read from standard input: add --password-stdin and pipe it in.'
    return fail(line, flags, { code: 'invalid_body', message })
  }
  // The line end is of whoever piped it, not of the password.
  const password = (await line.terminal.readInput()).replace(/\r?\n$/, '')
  return ask(line, flags, toQuestion(password))
}

import { Argument, type Command } from 'commander'
import type { CommandLine } from './command-line.ts'

/** `xshathra completion`: scripts that let a shell complete our commands and options. */
export const addCompletionCommand = (program: Command, { terminal, onExit }: CommandLine): void => {
  program
    .command('completion')
    .description('print a script that completes commands and options in a shell')
    .addArgument(new Argument('<shell>', 'which one').choices(['bash', 'zsh', 'fish']))
    .action((shell: keyof typeof scripts) => {
      terminal.print(scripts[shell](listWords(program)))
      onExit(0)
    })
}

/** A command line so far, without its options, and what may follow it. */
interface Words {
  readonly path: readonly string[]
  readonly next: readonly string[]
}

const listWords = (command: Command, path: readonly string[] = []): readonly Words[] => {
  const options = command.options.flatMap(({ long }) => (long ? [long] : []))
  const next = [...command.commands.map((each) => each.name()), ...options, '--help']
  return [{ path, next }, ...command.commands.flatMap((each) => listWords(each, [...path, each.name()]))]
}

const cases = (words: readonly Words[], line: (path: string, next: string) => string): string =>
  words
    .filter(({ path }) => path.length > 0)
    .map(({ path, next }) => line(path.join(' '), next.join(' ')))
    .join('\n')

const topLevel = (words: readonly Words[]): string => (words[0]?.next ?? []).join(' ')

/** The words before the cursor that are no options name the command; the longest name that is one decides. */
const bash = (words: readonly Words[]): string => `_xshathra() {
  local word path="" next="${topLevel(words)}"
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    [[ $word == -* ]] && continue
    path="\${path:+$path }$word"
    case "$path" in
${cases(words, (path, next) => `      "${path}") next="${next}" ;;`)}
    esac
  done
  COMPREPLY=($(compgen -W "$next" -- "\${COMP_WORDS[COMP_CWORD]}"))
}
complete -o default -F _xshathra xshathra`

const zsh = (words: readonly Words[]): string => `#compdef xshathra
autoload -U +X bashcompinit && bashcompinit
${bash(words)}`

const fish = (words: readonly Words[]): string => `function __xshathra_next
  set -l path
  set -l next "${topLevel(words)}"
  for word in (commandline -opc)[2..]
    string match -q -- '-*' $word; and continue
    set path "$path$word"
    switch "$path"
${cases(words, (path, next) => `      case "${path}"\n        set next "${next}"`)}
    end
    set path "$path "
  end
  string split ' ' $next
end
complete -c xshathra -f -a '(__xshathra_next)'`

const scripts = { bash, zsh, fish } as const

import { text } from 'node:stream/consumers'
import { createProgram } from './program.ts'

const program = createProgram(
  {
    env: process.env,
    signals: process,
    print: (line) => process.stdout.write(`${line}\n`),
    complain: (line) => process.stderr.write(`xshathra: ${line}\n`),
    readInput: () => text(process.stdin),
  },
  (code) => process.exit(code),
)
await program.parseAsync()

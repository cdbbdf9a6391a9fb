import { explainFinding } from '@xshathra/engine'
import type { Command } from 'commander'
import { checkClock, checkHealth, checkSubprotocol, checkUpgrade } from '../doctor/http-steps.ts'
import { checkMessages } from '../doctor/message-steps.ts'
import { type Finding, Walk } from '../doctor/walk.ts'
import { findBackend } from '../outside/find-backend.ts'
import { readOrigin } from '../outside/read-origin.ts'
import { loadSettings } from '../settings.ts'
import { addCommand, type CommandLine, type CommonFlags, fail } from './command-line.ts'

interface DoctorFlags extends CommonFlags {
  readonly project?: string
}

/** `xshathra doctor`: walks the way of a message from outside and says what to do where it ends. */
export const addDoctorCommand = (program: Command, line: CommandLine): void => {
  addCommand(program, 'doctor <url>', 'check a deployment from outside, step by step, and say what to do')
    .option('--project <projectId>', 'act for this project of the server on this machine')
    .action(async (url: string, flags: DoctorFlags) => line.onExit(await runDoctor(url, line, flags)))
}

const runDoctor = async (url: string, line: CommandLine, flags: DoctorFlags): Promise<number> => {
  const origin = readOrigin(url)
  if (!origin.ok) return fail(line, flags, { code: 'invalid_body', message: origin.problem })
  const findings = await examine(origin.value, line, flags)
  const isWell = findings.every(({ outcome }) => outcome !== 'failed')
  if (flags.json) line.terminal.print(JSON.stringify({ ok: isWell, findings }))
  else for (const text of findings.flatMap(sayFinding)) line.terminal.print(text)
  return isWell ? 0 : 1
}

const examine = async (origin: string, { terminal }: CommandLine, flags: DoctorFlags): Promise<readonly Finding[]> => {
  const { env } = terminal
  const settings = loadSettings(env, flags.dataDir === undefined ? {} : dataDirFlag(flags.dataDir))
  const walk = new Walk()
  await walk.step('health', () => checkHealth(origin))
  await walk.step('clock', () => checkClock(origin))
  await walk.step('upgrade', () => checkUpgrade(origin))
  await walk.step('subprotocol', () => checkSubprotocol(origin))
  const configuration: readonly Finding[] = settings.ok
    ? []
    : settings.problem.map((each) => ({
        step: 'configuration',
        outcome: 'failed',
        detail: explainFinding({ ...each, cure: undefined }),
        cure: each.cure,
      }))
  if (walk.findings.some(({ outcome }) => outcome === 'failed')) return [...configuration, ...walk.findings]
  const own = settings.ok ? settings.value : undefined
  const backend = await findBackend({ origin, env, settings: own, projectId: flags.project })
  const messages: readonly Finding[] = backend.ok
    ? await checkMessages(origin, backend.value)
    : [{ step: 'token', outcome: 'skipped', detail: 'in nobody’s name', cure: backend.problem }]
  return [...configuration, ...walk.findings, ...messages]
}

const dataDirFlag = (text: string) => ({ XSHATHRA_DATA_DIR: { flag: '--data-dir', text } })

const marks = { passed: '✓', failed: '✗', skipped: '·' } as const

const sayFinding = ({ step, outcome, detail, cure }: Finding): readonly string[] => [
  `${marks[outcome]} ${step.padEnd(13)} ${detail}`,
  ...(cure === undefined ? [] : [`  ${''.padEnd(13)} → ${cure}`]),
]

import { readFileSync } from 'node:fs'
import { basename } from 'node:path'
import { failed, ok, type Result } from '@xshathra/protocol'
import { centrifugoOptions } from './centrifugo-options.ts'
import { checkChannels } from './check-channels.ts'
import { checkListeners } from './check-listeners.ts'
import { checkProxies } from './check-proxies.ts'
import { checkServer } from './check-server.ts'
import { readGroup } from './document-layer.ts'
import { completeDraft, createDraft, type Draft, reportNotHonoured } from './draft.ts'
import { applyEnvironment, type Environment } from './environment-layer.ts'
import { expandVariables } from './expand-variables.ts'
import { type ConfigProblem, Findings } from './findings.ts'
import { applyFlags, type Flags } from './flag-layer.ts'
import { buildConfig, type LoadedConfig } from './loaded-config.ts'
import { createOptionFinder } from './option-entries.ts'
import { group } from './option-kinds.ts'
import { type ConfigFormat, configFormats, formatOfFile, readDocument } from './read-document.ts'
import { xshathraOptions } from './xshathra-options.ts'

export interface ConfigSources {
  /** Path of the configuration file; absent without `text`: defaults, environment and flags only. */
  readonly file?: string | undefined
  /** What stands in the file, where the caller has read it already. */
  readonly text?: string | undefined
  /** Absent: as the file's name says; for a text without file, JSON. */
  readonly format?: ConfigFormat | undefined
  readonly env: Environment
  readonly flags?: Flags | undefined
}

/** Every option there is: those of Centrifugo v6 and our own. */
export const allOptions = group({ ...centrifugoOptions.fields, xshathra: xshathraOptions })

const findElsewhere = createOptionFinder(allOptions)

/**
 * Reads a configuration: flags over environment over file over defaults. Either all of it can be used, or every problem
 * found is told at once and nothing is. What it will not do as its author may expect is in `warnings`.
 *
 * @example
 * const config = loadConfig({ file: 'config.json', env })
 * if (!config.ok) throw new Error(explainProblems(config.problem))
 */
export const loadConfig = (sources: ConfigSources): Result<LoadedConfig, readonly ConfigProblem[]> => {
  const findings = new Findings()
  const draft = readFile(sources, findings)
  applyEnvironment(centrifugoOptions, draft, sources.env, { findings, findElsewhere })
  applyFlags(allOptions, draft, sources.flags ?? {}, findings)
  expandVariables(allOptions, draft, '', sources.env, findings)
  reportNotHonoured(allOptions, draft, '', findings)
  const settings = completeDraft(allOptions, draft)
  checkChannels(settings, findings)
  checkProxies(settings, findings)
  checkListeners(settings, findings)
  checkServer(settings, settings.xshathra, findings)
  return findings.problems.length > 0 ? failed(findings.problems) : ok(buildConfig(settings, findings.warnings))
}

/** A configuration is written by people; what is longer than this is some other file. */
const maxFileBytes = 8_388_608

const readFile = (sources: ConfigSources, findings: Findings): Draft => {
  const { file, format = file === undefined ? 'json' : formatOfFile(file) } = sources
  const origin = file === undefined ? 'the configuration' : basename(file)
  const text = sources.text ?? (file === undefined ? undefined : readText(file, findings))
  if (text === undefined) return createDraft()
  if (format === undefined) {
    findings.problem(origin, 'has a name that tells no format', `Let it end in .${configFormats.join(', .')}.`)
    return createDraft()
  }
  const document = readDocument(text, format)
  if (document.ok) return readGroup(allOptions, document.value, '', { origin, findings, findElsewhere })
  findings.problem(origin, document.problem)
  return createDraft()
}

const readText = (file: string, findings: Findings): string | undefined => {
  try {
    const bytes = readFileSync(file)
    if (bytes.length <= maxFileBytes) return bytes.toString('utf8')
    findings.problem(file, `is longer than ${maxFileBytes} bytes`)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    findings.problem(file, code === 'ENOENT' ? 'is not there' : `cannot be read: ${code}`)
  }
  return undefined
}

import { dirname, join, normalize } from 'node:path/posix'

export interface DocProblem {
  readonly file: string
  readonly message: string
}

const fence = /^(`{3,}|~{3,})[\s\S]*?^\1/gm
const codeSpan = /`[^`\n]*`/g
const inlineLink = /\]\(<?([^()\s<>]+(?:\([^()\s]*\)[^()\s<>]*)?)>?(?:\s+"[^"]*")?\)/g
const definition = /^\[[^\]]+\]:\s+<?([^\s>]+)/gm

/** Targets of the links of a Markdown text, code left out. */
export const findLinks = (markdown: string): readonly string[] => {
  const prose = markdown.replace(fence, '').replace(codeSpan, '')
  return [...prose.matchAll(inlineLink), ...prose.matchAll(definition)].map((match) => match[1] ?? '')
}

/** The ids that GitHub gives the headings of a Markdown text. */
export const headingIds = (markdown: string): ReadonlySet<string> => {
  const headings = [...markdown.replace(fence, '').matchAll(/^#{1,6}\s+(.+)$/gm)].map((match) => match[1] ?? '')
  const ids = headings.map((heading) =>
    heading
      .trim()
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, '')
      .replace(/\s/g, '-'),
  )
  return new Set(
    ids.map((id, index) => {
      const earlier = ids.slice(0, index).filter((other) => other === id).length
      return earlier === 0 ? id : `${id}-${earlier}`
    }),
  )
}

const isElsewhere = (target: string) => /^[a-z][a-z+.-]*:/i.test(target) || target.startsWith('/')

/** Finds links between documents that lead nowhere. `documents` by path from the root; `exists` for all other files. */
export const checkLinks = (
  documents: ReadonlyMap<string, string>,
  exists: (path: string) => boolean,
): readonly DocProblem[] =>
  [...documents].flatMap(([file, markdown]) =>
    findLinks(markdown).flatMap((target) => {
      if (isElsewhere(target)) return []
      const [path = '', anchor] = target.split('#')
      const destination = path === '' ? file : normalize(join(dirname(file), path))
      if (!documents.has(destination) && !exists(destination)) return [{ file, message: `${target} leads nowhere` }]
      const document = documents.get(destination)
      if (anchor === undefined || document === undefined || headingIds(document).has(anchor)) return []
      return [{ file, message: `${target} names no heading of ${destination}` }]
    }),
  )

const ruleDefinition = /^\s*(?:[-*]\s+|#+\s+|\|\s*)\**`?([A-Z]{2}\d+)\b/gm
const ruleMention = /\[([A-Z]{2}\d+(?:,\s*[A-Z]{2}\d+)*)\]/g

/**
 * Holds rules and tests against each other: a test that names a rule names one that is written down, and every rule
 * that is written down is named by a test. Both by path from the root.
 */
export const checkRules = (
  specs: ReadonlyMap<string, string>,
  tests: ReadonlyMap<string, string>,
): readonly DocProblem[] => {
  const mentions = [...tests].flatMap(([file, source]) => namedRules(source).map((rule) => ({ file, rule })))
  const definitions = [...specs].flatMap(([file, text]) => definedRules(text).map((rule) => ({ file, rule })))
  const mentioned = new Set(mentions.map(({ rule }) => rule))
  const defined = new Set(definitions.map(({ rule }) => rule))
  return [
    ...definitions
      .filter(({ rule }, index) => definitions.findIndex((other) => other.rule === rule) !== index)
      .map(({ file, rule }) => ({ file, message: `${rule} is defined twice` })),
    ...definitions
      .filter(({ rule }) => !mentioned.has(rule))
      .map(({ file, rule }) => ({ file, message: `${rule} is named by no test` })),
    ...mentions
      .filter(({ rule }) => !defined.has(rule))
      .map(({ file, rule }) => ({ file, message: `[${rule}] is no rule of a SPEC.md` })),
  ]
}

const definedRules = (text: string) => [...text.matchAll(ruleDefinition)].map((match) => match[1] ?? '')
const namedRules = (source: string) => [
  ...new Set([...source.matchAll(ruleMention)].flatMap((match) => (match[1] ?? '').split(/,\s*/))),
]

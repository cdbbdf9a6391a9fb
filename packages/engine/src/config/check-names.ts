import type { Findings } from './findings.ts'

/** What namespaces and proxies may be called. Source: Centrifugo v6. */
const validName = /^[-a-zA-Z0-9_.]{2,}$/

/** Looks for names that cannot be used or are used twice in a list at `path`. */
export const checkNames = (path: string, names: readonly string[], findings: Findings): void => {
  for (const [index, name] of names.entries()) {
    const at = `${path}[${name || index}]`
    if (!findings.isReadable(at)) continue
    if (!validName.test(name)) {
      findings.problem(at, name === '' ? 'has no name' : 'has an invalid name', nameCure)
    } else if (names.indexOf(name) < index) {
      findings.problem(at, 'is there twice', 'Give each entry a name of its own.')
    }
  }
}

const nameCure = 'Use two or more letters, digits, "-", "_" and ".".'

/** A value of an answer as people read it: a table of a list, one line per field of an object. */
export const renderValue = (value: unknown): readonly string[] => {
  if (Array.isArray(value)) return renderTable(value as readonly Row[])
  if (typeof value !== 'object' || value === null) return [renderCell(value)]
  const fields = Object.entries(value).filter(([, each]) => each !== undefined)
  const width = Math.max(0, ...fields.map(([name]) => name.length))
  return fields.map(([name, each]) => `${name.padEnd(width)}  ${renderCell(each)}`)
}

type Row = Readonly<Record<string, unknown>>

/** Columns are the fields that any row has. */
const renderTable = (rows: readonly Row[]): readonly string[] => {
  const names = [...new Set(rows.flatMap((row) => Object.keys(row).filter((name) => row[name] !== undefined)))]
  const cells = [names, ...rows.map((row) => names.map((name) => renderCell(row[name])))]
  const widths = names.map((_, column) => Math.max(...cells.map((row) => row[column]?.length ?? 0)))
  return cells.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  )
}

const renderCell = (value: unknown): string => {
  if (value === undefined || value === null) return '-'
  return typeof value === 'string' ? value : JSON.stringify(value)
}

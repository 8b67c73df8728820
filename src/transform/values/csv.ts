/** A table with a line of names. */
export interface CsvTable {
  readonly names: readonly string[]
  readonly rows: readonly (readonly string[])[]
}

/** A table as RFC 4180 has it: commas, quotes doubled in quotes, any line end. Empty lines are passed over. */
export function readCsv(text: string): CsvTable {
  const rows: string[][] = []
  let row: string[] = []
  const cells = /"((?:[^"]|"")*)"(,|\r\n|\n|\r|$)|([^,\r\n]*)(,|\r\n|\n|\r|$)/gy
  const source = text.replace(/^\uFEFF/, '')
  for (const [all, quoted, afterQuoted, plain, afterPlain] of source.matchAll(cells)) {
    row.push(quoted?.replaceAll('""', '"') ?? plain ?? '')
    if ((afterQuoted ?? afterPlain) === ',') continue
    if (row.length > 1 || row[0] !== '') rows.push(row)
    row = []
    if (all === '') break
  }
  const [names = [], ...others] = rows
  return { names, rows: others }
}

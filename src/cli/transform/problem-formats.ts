import { isAbsolute } from 'node:path'
import { pathToFileURL } from 'node:url'
import { CHECK_RULES } from '../../app/check-problem.ts'
import type { TransformCheck } from '../../app/transform-check.ts'
import { VERSION } from '../../app/version.ts'
import type { SourcePlace } from '../../core/errors.ts'

/** A problem of a document, whether it loads or not. */
export interface ShownProblem {
  /** A rule of the check, or the code of the error that keeps the document from loading. */
  readonly rule: string
  readonly severity: 'error' | 'warning'
  readonly message: string
  readonly hint: string | undefined
  readonly place: SourcePlace
  readonly excerpt: string | undefined
}

/** All that is wrong, in the order of the lines. @param strict what would be a warning is an error */
export function problemsOf(
  { file, errors, problems }: TransformCheck,
  strict: boolean,
): readonly ShownProblem[] {
  const mistakes = errors.map(
    ({ code, message, hint, place = { file, line: 1, column: 1 }, excerpt }): ShownProblem => ({
      rule: code,
      severity: 'error',
      message,
      hint,
      place,
      excerpt,
    }),
  )
  const others = problems.map((problem) => ({
    ...problem,
    severity: strict ? ('error' as const) : problem.severity,
  }))
  return [...mistakes, ...others].toSorted(
    (a, b) => a.place.line - b.place.line || a.place.column - b.place.column,
  )
}

/** As a compiler writes it: the place and the sentence, the line with a caret, a hint. */
export function humanLines({ severity, message, hint, place, excerpt }: ShownProblem): readonly string[] {
  return [
    `${severity}: ${place.file}:${place.line}:${place.column}: ${message}`,
    ...(excerpt === undefined ? [] : [excerpt]),
    ...(hint === undefined ? [] : [`hint: ${hint}`]),
  ]
}

/** Workflow commands, which GitHub shows beside the lines of the file. */
export function githubLines(problems: readonly ShownProblem[]): readonly string[] {
  return problems.map(({ rule, severity, message, hint, place }) => {
    const properties = {
      file: place.file,
      line: String(place.line),
      col: String(place.column),
      title: `reseal ${rule}`,
    }
    const written = Object.entries(properties).map(([name, value]) => `${name}=${escapedProperty(value)}`)
    return `::${severity} ${written.join(',')}::${escapedData(withHint(message, hint))}\n`
  })
}

function withHint(message: string, hint: string | undefined): string {
  return hint === undefined ? message : `${message.replace(/\.$/, '')}. ${hint}`
}

function escapedData(text: string): string {
  return text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A')
}

function escapedProperty(text: string): string {
  return escapedData(text).replaceAll(':', '%3A').replaceAll(',', '%2C')
}

/** The problems as SARIF 2.1.0, which code scanning tools read. */
export function sarifLog(problems: readonly ShownProblem[]): unknown {
  const rules = [...new Set(problems.map(({ rule }) => rule))]
  return {
    $schema: 'https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json',
    version: '2.1.0',
    runs: [
      {
        tool: { driver: { name: 'reseal', version: VERSION, rules: rules.map(sarifRule) } },
        columnKind: 'utf16CodeUnits',
        results: problems.map((problem) => sarifResult(problem, rules.indexOf(problem.rule))),
      },
    ],
  }
}

function sarifRule(rule: string): unknown {
  const known = Object.entries(CHECK_RULES).find(([name]) => name === rule)?.[1]
  return { id: rule, shortDescription: { text: known ?? 'The document cannot be loaded.' } }
}

function sarifResult(
  { rule, severity, message, hint, place }: ShownProblem,
  ruleIndex: number,
): Readonly<Record<string, unknown>> {
  return {
    ruleId: rule,
    ruleIndex,
    level: severity,
    message: { text: withHint(message, hint) },
    locations: [
      {
        physicalLocation: {
          artifactLocation: { uri: fileUri(place.file) },
          region: { startLine: place.line, startColumn: place.column },
        },
      },
    ],
  }
}

/** A relative reference stays one, as viewers look for it in the checkout. */
function fileUri(file: string): string {
  if (isAbsolute(file)) return pathToFileURL(file).href
  return file.split('/').map(encodeURIComponent).join('/')
}

import { nearestWord } from '../../core/suggestion.ts'
import { isDateFormat } from './date-format.ts'
import { isRequestSourceWord, REQUEST_SOURCES, sourceProblem } from './request-source.ts'

/** A part of a template: text as it stands, or `${{word}}`, `${{word:argument}}`. */
export type TemplatePart =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'expression'; readonly word: string; readonly argument: string }

export interface TemplateProblem {
  /** Position of the expression in the text, from 0. */
  readonly offset: number
  /** What is wrong, as a clause that follows the template's name. */
  readonly message: string
  readonly hint: string
}

/** Words with a value of their own; `now` may be followed by `+5m` or `-1h`. */
const WORDS = ['secret', 'env_var', 'var', 'now', 'rand_string', 'uuid', 'recorded'] as const

const EXPRESSION = /\$\{\{\s*([^:{}]*?)\s*(?::([^{}]*?))?\s*\}\}/y
const NOW = /^now(?:([+-])(\d+(?:ms|s|m|h|d))+)?$/
const VARIABLE = /^[A-Za-z_][\w.-]*$/

/** Takes a template apart; a bare name that is no word is a variable. */
export function readTemplate(
  text: string,
):
  | { readonly parts: readonly TemplatePart[]; readonly problem?: undefined }
  | { readonly problem: TemplateProblem } {
  const parts: TemplatePart[] = []
  let at = 0
  for (let open = text.indexOf('${{'); open !== -1; open = text.indexOf('${{', at)) {
    if (open > at) parts.push({ kind: 'text', text: text.slice(at, open) })
    EXPRESSION.lastIndex = open
    const found = EXPRESSION.exec(text)
    if (found === null) {
      const hint = 'Write ${{word}} or ${{word:argument}}, closed by }}.'
      return { problem: { offset: open, message: 'has a ${{ that is not closed', hint } }
    }
    const part = expression(found[1] ?? '', (found[2] ?? '').trim())
    if ('message' in part) return { problem: { offset: open, ...part } }
    parts.push(part)
    at = open + found[0].length
  }
  if (at < text.length || parts.length === 0) parts.push({ kind: 'text', text: text.slice(at) })
  return { parts }
}

/** True where the text has an expression in it. */
export function isTemplate(text: string): boolean {
  return text.includes('${{')
}

function expression(word: string, argument: string): TemplatePart | Omit<TemplateProblem, 'offset'> {
  const problem = argumentProblem(word, argument)
  if (problem === 'unknown') {
    if (argument === '' && VARIABLE.test(word)) return { kind: 'expression', word: 'var', argument: word }
    const known = [...WORDS, ...Object.keys(REQUEST_SOURCES)]
    const near = nearestWord(word, known)
    const hint = near === undefined ? `The words are ${known.join(', ')}.` : `Did you mean "${near}"?`
    return { message: `has \${{${word}}}, which is no word that has a value`, hint }
  }
  if (problem === undefined) return { kind: 'expression', word, argument }
  return {
    message: `has \${{${word}}}, which ${problem}`,
    hint: `For example: ${EXAMPLES[word] ?? '${{query:state}}'}.`,
  }
}

const EXAMPLES: Readonly<Record<string, string>> = {
  secret: '${{secret:jwt-demo/password}}',
  env_var: '${{env_var:USER}}',
  var: '${{var:session}}',
  rand_string: '${{rand_string:16}}',
  now: '${{now}}, ${{now:epoch}}, ${{now+5m:iso}}',
}

function argumentProblem(word: string, argument: string): string | undefined {
  if (isRequestSourceWord(word)) return sourceProblem(word, argument)
  if (NOW.test(word))
    return argument === '' || isDateFormat(argument) ? undefined : 'names no format of a date'
  switch (word) {
    case 'secret':
    case 'env_var':
      return argument === '' ? 'lacks a name' : undefined
    case 'var':
      return VARIABLE.test(argument) ? undefined : 'lacks the name of a variable'
    case 'rand_string':
      return /^[1-9]\d{0,3}$/.test(argument) ? undefined : 'needs a length from 1 to 9999'
    case 'uuid':
    case 'recorded':
      return argument === '' ? undefined : 'takes no argument'
    default:
      return 'unknown'
  }
}

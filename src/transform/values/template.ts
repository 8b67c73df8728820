import { textOfUtf8, type BinaryText } from '../../core/binary-text.ts'
import { ResealError, type SourcePlace } from '../../core/errors.ts'
import { parseDuration } from '../../core/time.ts'
import { joinLive, type Live } from '../message/live.ts'
import type { StepEnvironment } from '../steps/step-environment.ts'
import { writeDate } from './date-format.ts'
import { isRequestSourceWord, REQUEST_SOURCES } from './request-source.ts'
import { seededNumbers } from './seeded.ts'
import { seededText, seededUuid } from './seeded-text.ts'
import { readTemplate, type TemplatePart } from './template-syntax.ts'

/** A text with expressions, ready to stand for a recorded value. */
export type Template = (recorded: BinaryText) => Live

/**
 * Makes a template of its text. What does not depend on the request or the moment is put in here.
 * @throws ResealError TRANSFORM_INVALID for what is no template or has no value, SECRET_* for a secret
 */
export function compileTemplate(text: string, environment: StepEnvironment, place: SourcePlace): Template {
  const reading = readTemplate(text)
  if (reading.problem !== undefined) {
    const { message, hint } = reading.problem
    throw new ResealError('TRANSFORM_INVALID', `The template ${message}`, { hint, place })
  }
  const parts = reading.parts.map((part, index) => compilePart(part, index, environment, place))
  return (recorded) => joinLive(parts.map((part) => (typeof part === 'function' ? part(recorded) : part)))
}

function compilePart(
  part: TemplatePart,
  index: number,
  environment: StepEnvironment,
  place: SourcePlace,
): Live | Template {
  if (part.kind === 'text') return textOfUtf8(part.text)
  const { word, argument } = part
  const { seed } = environment
  if (isRequestSourceWord(word)) return requestTemplate(word, argument)
  if (word.startsWith('now')) return nowLive(word, argument)
  switch (word) {
    case 'secret':
      return secretText(argument, environment)
    case 'env_var':
      return environmentText(argument, environment, place)
    case 'var':
      environment.variables.load(argument, place)
      return { changes: 'request', render: ({ variables }) => variables.get(argument) ?? '' }
    case 'rand_string':
      return (recorded) =>
        seededText(seededNumbers(seed, 'rand_string', String(index), recorded), Number(argument))
    case 'uuid':
      return (recorded) => seededUuid(seededNumbers(seed, 'uuid', String(index), recorded))
    default:
      return (recorded) => recorded
  }
}

/** A request without the value leaves what was recorded. */
function requestTemplate(word: keyof typeof REQUEST_SOURCES, name: string): Template {
  const source = REQUEST_SOURCES[word](name)
  return (recorded) => ({ changes: 'request', render: ({ request }) => source(request) ?? recorded })
}

function nowLive(word: string, format: string): Live {
  const sign = word[3] === '-' ? -1 : 1
  const offsetMs = word === 'now' ? 0 : sign * parseDuration(word.slice(4))
  const written = format === '' ? 'iso' : format
  const isFine = /^epoch_(?:ms|us|ns)$/.test(written) || written.startsWith('iso')
  return {
    changes: isFine ? 'request' : 'second',
    render: ({ nowMs }) => textOfUtf8(writeDate(nowMs + offsetMs, written)),
  }
}

/** A secret's line end is no part of it. */
function secretText(name: string, { secrets }: StepEnvironment): BinaryText {
  const text = Buffer.from(secrets.read(name).bytes).toString('latin1')
  return text.replace(/\r?\n$/, '')
}

function environmentText(name: string, { env }: StepEnvironment, place: SourcePlace): BinaryText {
  const value = env[name]
  if (value !== undefined) return textOfUtf8(value)
  throw new ResealError('TRANSFORM_INVALID', `The environment variable ${name} is not set`, {
    place,
    hint: 'Set it where reseal is started, or write the value here.',
  })
}

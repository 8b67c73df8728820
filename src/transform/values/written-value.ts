import { z } from 'zod'
import { jsonOf } from '../../core/json.ts'
import { textOfUtf8, type BinaryText } from '../../core/binary-text.ts'
import type { SourcePlace } from '../../core/errors.ts'
import { combineLive, mapLive, type Live } from '../message/live.ts'
import { escapedJson } from '../message/codecs.ts'
import type { Focus } from '../message/focus.ts'
import type { StepEnvironment } from '../steps/step-environment.ts'
import { compileTemplate, type Template } from './template.ts'
import { isTemplate, readTemplate } from './template-syntax.ts'

/** Text that may have expressions in it; a complaint knows the offending character. */
export const TEMPLATE = z.string().superRefine((text, context) => {
  const reading = readTemplate(text)
  if (reading.problem === undefined) return
  const { message, hint, offset } = reading.problem
  context.addIssue({ code: 'custom', message, params: { hint, offset } })
})

/** A value of any JSON type, whose texts may have expressions in them. */
export const VALUE = z.unknown().superRefine((value, context) => {
  for (const { path, text } of textsIn(value)) {
    const reading = readTemplate(text)
    if (reading.problem === undefined) continue
    const { message, hint, offset } = reading.problem
    context.addIssue({ code: 'custom', path: [...path], message, params: { hint, offset } })
  }
})

interface PlacedText {
  readonly path: readonly PropertyKey[]
  readonly text: string
}

function textsIn(value: unknown, path: readonly PropertyKey[] = []): readonly PlacedText[] {
  if (typeof value === 'string') return isTemplate(value) ? [{ path, text: value }] : []
  if (typeof value !== 'object' || value === null) return []
  const items: readonly (readonly [PropertyKey, unknown])[] = Array.isArray(value)
    ? [...value.entries()]
    : Object.entries(value)
  return items.flatMap(([key, item]) => textsIn(item, [...path, key]))
}

/** A value of any JSON type, with expressions in its texts. */
export interface WrittenValue {
  /** As JSON text. */
  readonly json: Template
  /** As it stands in a text that is no JSON: a string without quotes, all else as JSON. */
  readonly text: Template
  readonly isText: boolean
}

/** @throws ResealError for an expression that has no value */
export function compileValue(value: unknown, environment: StepEnvironment, place: SourcePlace): WrittenValue {
  if (typeof value === 'string') {
    const text = compileTemplate(value, environment, place)
    return { text, json: (recorded) => mapLive(text(recorded), quoted), isText: true }
  }
  const json = compileJson(value, environment, place)
  return { text: json, json, isText: false }
}

/** Puts a value at a place; one of another type than text changes the type of a JSON value. */
export function putValue(focus: Focus, { json, text, isText }: WrittenValue): void {
  const { putJson, recorded } = focus
  if (putJson === undefined || (isText && focus.isJsonString)) focus.put(() => text(recorded))
  else putJson(() => json(recorded))
}

/** The text is bytes already: only what JSON has escaped is. */
function quoted(text: BinaryText): BinaryText {
  return `"${escapedJson(text)}"`
}

function compileJson(value: unknown, environment: StepEnvironment, place: SourcePlace): Template {
  const templates: Template[] = []
  const pieces: BinaryText[] = ['']
  const write = (part: unknown): void => {
    if (typeof part === 'string' && isTemplate(part)) {
      const template = compileTemplate(part, environment, place)
      templates.push((recorded) => mapLive(template(recorded), quoted))
      pieces.push('')
    } else if (Array.isArray(part)) {
      writeList('[', part, (item) => write(item), ']')
    } else if (typeof part === 'object' && part !== null) {
      writeList(
        '{',
        Object.entries(part),
        ([name, item]) => {
          append(`${jsonOf(name)}:`)
          write(item)
        },
        '}',
      )
    } else append(textOfUtf8(JSON.stringify(part ?? null)))
  }
  const append = (text: BinaryText): void => {
    pieces.push((pieces.pop() ?? '') + text)
  }
  const writeList = <T>(open: string, items: readonly T[], each: (item: T) => void, close: string): void => {
    append(open)
    for (const [index, item] of items.entries()) {
      if (index > 0) append(',')
      each(item)
    }
    append(close)
  }
  write(value)
  return (recorded) => {
    const lives: readonly Live[] = templates.map((template) => template(recorded))
    return combineLive(lives, (texts) => pieces.map((piece, index) => piece + (texts[index] ?? '')).join(''))
  }
}

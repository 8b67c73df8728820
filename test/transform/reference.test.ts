import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { parse } from 'yaml'
import { z } from 'zod'
import { checkTransformDocument } from '../../src/transform/document/document.ts'
import { FILTERS, WHEN } from '../../src/transform/document/filter-schema.ts'
import { transformReference, wordReference } from '../../src/transform/document/reference.ts'
import { EXTRACTORS } from '../../src/transform/extractors/extractor-table.ts'
import { STEPS } from '../../src/transform/steps/step-table.ts'

/** A document with one extractor or step, and what it cannot stand without. */
function documentWith(word: string, member: unknown): string {
  const extractor = Object.values(EXTRACTORS).find(({ type }) => type === word)
  if (extractor !== undefined) {
    const last = extractor.side === 'request' ? { var_store: 'v' } : { set: 'x' }
    return JSON.stringify({ responder: [{ extractor: member, transforms: [last] }] })
  }
  const step = Object.values(STEPS).find(({ type }) => type === word)
  const isLesson = step?.role === 'mutator' && !step.sides.includes('response')
  return JSON.stringify({
    responder: [
      {
        extractor: isLesson ? 'http_req_body' : 'http_res_body',
        transforms: step?.role === 'mutator' ? [member] : [member, { set: 'x' }],
      },
    ],
  })
}

function mistakesIn(document: string): readonly string[] {
  return checkTransformDocument(document, 't.json').errors.map(({ message }) => message)
}

const ENTRIES = [...transformReference().matchAll(/^### (\w+)\n[^]*?^For example: `(.*)`$/gm)]

suite('the reference', () => {
  test('has an example of each word', () => {
    const words = [...Object.keys(EXTRACTORS), ...Object.keys(STEPS)].toSorted()
    assert.deepEqual(ENTRIES.map(([, word = '']) => word).toSorted(), words)
  })

  for (const [, word = '', example = ''] of ENTRIES) {
    test(`has an example of ${word} that loads, and others of each of its options`, () => {
      const main: unknown = parse(example)
      assert.deepEqual(mistakesIn(documentWith(word, main)), [])
      const given = optionsGiven(word, main)
      for (const [option, value] of optionExamples(word)) {
        const others = Object.entries(given).filter(([name]) => !INSTEAD[word]?.has(name))
        const beside = INSTEAD[word]?.has(option) === true ? Object.fromEntries(others) : given
        const member = { [word]: { ...beside, ...NEEDED[`${word}.${option}`], [option]: value } }
        assert.deepEqual(mistakesIn(documentWith(word, member)), [], JSON.stringify(member))
      }
    })
  }

  test('has examples of filters and conditions that load', () => {
    for (const [key, schema] of [
      ['filters', FILTERS],
      ['when', WHEN],
    ] as const) {
      for (const [option, value] of examplesOf(schema)) {
        const chain = { [key]: { [option]: value }, extractor: 'http_res_body', transforms: ['jwt_resign'] }
        assert.deepEqual(mistakesIn(JSON.stringify({ responder: [chain] })), [], `${key}.${option}`)
      }
    }
  })

  test('is printed for one word, also by the name that Speedscale has for it', () => {
    assert.match(wordReference('jwt_resign'), /^### jwt_resign\n[^]*`secretPath`/)
    assert.match(wordReference('constant'), /^### set\n/)
    assert.match(wordReference('filters'), /^## Filters\n/)
    assert.throws(() => wordReference('jwt_resing'), {
      message: 'There is no word "jwt_resing" in transform documents',
      hint: 'Did you mean "jwt_resign"?',
    })
  })
})

/** Options that an example of another one needs beside it. */
const NEEDED: Readonly<Record<string, object>> = {
  'jwt_resign.passphrasePath': { secretPath: 'a/b' },
  'jwt_resign.encoding': { secretPath: 'a/b' },
  'jwt_resign.trim': { secretPath: 'a/b' },
}

/** Options of which each stands instead of the others. */
const INSTEAD: Readonly<Record<string, ReadonlySet<string>>> = {
  replace: new Set(['find', 'regex']),
  csv: new Set(['path', 'text']),
  from_request: new Set(['query', 'header', 'cookie', 'form', 'json', 'segment']),
}

/** What the main example says, as options. */
function optionsGiven(word: string, main: unknown): Readonly<Record<string, unknown>> {
  if (typeof main !== 'object' || main === null) return {}
  const value: unknown = Reflect.get(main, word)
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return { ...value }
  const { shorthand } = rowOf(word)
  return shorthand === undefined ? {} : { [shorthand]: value }
}

function rowOf(word: string): { readonly options: z.ZodObject; readonly shorthand: string | undefined } {
  const row = [...Object.values(EXTRACTORS), ...Object.values(STEPS)].find(({ type }) => type === word)
  assert.ok(row, word)
  return row
}

function optionExamples(word: string): readonly (readonly [option: string, value: unknown])[] {
  return examplesOf(rowOf(word).options)
}

function examplesOf(options: z.ZodObject): readonly (readonly [option: string, value: unknown])[] {
  const { properties = {} } = z.toJSONSchema(options, { io: 'input', unrepresentable: 'any' })
  return Object.entries(properties).flatMap(([option, schema]) =>
    typeof schema === 'object' ? (schema.examples ?? []).map((value) => [option, value] as const) : [],
  )
}

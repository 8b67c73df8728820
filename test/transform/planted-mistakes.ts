import assert from 'node:assert/strict'
import { test } from 'node:test'
import { checkTransformDocument } from '../../src/transform/document/document.ts'

/** A document with one mistake, and all that a user is told of it. */
export interface PlantedMistake {
  readonly title: string
  readonly source: string
  /** `line:column`, both from 1. */
  readonly at: string
  readonly message: string
  readonly hint: string
}

/** One test for each: the mistake is found once, at its place, with its sentence, hint, line and caret. */
export function testMistakes(mistakes: readonly PlantedMistake[]): void {
  for (const { title, source, at, message, hint } of mistakes) {
    test(`${title} is an error at ${at}`, () => {
      const { document, errors } = checkTransformDocument(source, 'transforms/demo.yaml')
      assert.equal(document, undefined)
      const [line = 0, column = 0] = at.split(':').map(Number)
      assert.deepEqual(
        errors.map((error) => ({
          code: error.code,
          place: error.place,
          message: error.message,
          hint: error.hint,
        })),
        [{ code: 'TRANSFORM_INVALID', place: { file: 'transforms/demo.yaml', line, column }, message, hint }],
      )
      const [shown = '', caret = ''] = errors[0]?.excerpt?.split('\n') ?? []
      assert.ok(shown.startsWith(`${line} | `))
      assert.equal(caret.indexOf('^'), `${line} | `.length + column - 1)
    })
  }
}

import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { redactRules, type RedactSource } from '../../src/app/redaction.ts'
import { readConfigText } from '../../src/config/config-file.ts'
import { ResealError } from '../../src/core/errors.ts'
import { createRedactor } from '../../src/redact/redactor.ts'
import { parseTransformDocument } from '../../src/transform/document/document.ts'
import { aPair } from '../support/a-pair.ts'

function config(text: string): RedactSource {
  return readConfigText(text, 'reseal.yaml', []).sections.get('redact')
}

function document(text: string): RedactSource {
  return parseTransformDocument(text, 't.yaml').redact
}

/** What becomes of a request with one of everything. */
function stored(...sources: readonly RedactSource[]): readonly string[] {
  const pair = aPair({
    request: {
      target: '/?k=1',
      headers: [
        ['Authorization', 'Bearer opaque'],
        ['Cookie', 'theme=dark; sid=1'],
        ['X-Pin', '1'],
      ],
      body: '{"password":"p","card":{"no":1}}',
    },
  })
  const { request } = createRedactor(redactRules(sources))(pair)
  return [request.target, ...request.headers.map(([, value]) => value), Buffer.from(request.body).toString()]
}

suite('redact', () => {
  test('says by itself what is known', () => {
    assert.deepEqual(stored(undefined), [
      '/?k=1',
      'Bearer redacted-bearer-1',
      'theme=redacted-cookie-1-2; sid=redacted-cookie-1-3',
      '1',
      '{"password":"redacted-password-1-4","card":{"no":1}}',
    ])
  })
  test('is turned off whole, in each spelling', () => {
    const all = ['/?k=1', 'Bearer opaque', 'theme=dark; sid=1', '1', '{"password":"p","card":{"no":1}}']
    for (const off of [
      config('redact: off'),
      config('redact: false'),
      document('redact: off'),
      'off',
    ] as const) {
      assert.deepEqual(stored(off), all)
    }
  })
  test('is turned off in parts, and added to', () => {
    const words =
      'redact: { bearer: false, names: false, except: [theme], headers: [x-pin], query: k, paths: [$..card.no] }'
    assert.deepEqual(stored(config(words)), [
      '/?k=redacted-k-1',
      'Bearer opaque',
      'theme=dark; sid=redacted-cookie-1',
      'redacted-x_pin-1',
      '{"password":"p","card":{"no":"redacted-no-1"}}',
    ])
  })
  test('of the document goes over that of the configuration, and lists add up', () => {
    const [target, bearer, , pin] = stored(
      config('redact: { bearer: false, query: [k] }'),
      document('redact: { bearer: true, headers: [X-Pin] }'),
    )
    assert.deepEqual(
      [target, bearer, pin],
      ['/?k=redacted-k-1', 'Bearer redacted-bearer-1-2', 'redacted-x_pin-1'],
    )
  })

  const mistakes: readonly (readonly [string, () => unknown, Partial<ResealError>])[] = [
    [
      'a misspelt key in the configuration',
      () => redactRules([config('redact:\n  cookie: false\n')]),
      {
        code: 'CONFIG_INVALID',
        message: '"cookie" is not a key of redact',
        hint: 'Did you mean "cookies"?',
        place: { file: 'reseal.yaml', line: 2, column: 11 },
      },
    ],
    [
      'a misspelt key in the document',
      () => document('redact:\n  header: [a]\n'),
      {
        code: 'TRANSFORM_INVALID',
        message: '"header" is not a key of "redact" of a transform document',
        hint: 'Did you mean "headers"?',
        place: { file: 't.yaml', line: 2, column: 3 },
      },
    ],
    [
      'a pattern that RE2 does not take',
      () => redactRules([document('redact:\n  patterns:\n    - ok\n    - (?=a)\n')]),
      { code: 'TRANSFORM_INVALID', place: { file: 't.yaml', line: 4, column: 7 } },
    ],
  ]
  for (const [what, work, wanted] of mistakes) {
    test(`refuses ${what} at its place`, () => {
      assert.throws(work, (error) => {
        assert.ok(error instanceof ResealError)
        const { code, message, hint, place } = error
        assert.deepEqual({ code, message, hint, place, ...wanted }, { code, message, hint, place })
        return true
      })
    })
  }
})

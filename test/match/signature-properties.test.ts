import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { DEFAULT_RULES, type MatchRules } from '../../src/match/match-rules.ts'
import { differences, openRequest } from '../../src/match/request-difference.ts'
import { signatureOf } from '../../src/match/signature.ts'
import { ASKED, encoded, JSON_VALUE, requestOf, WORD, type Asked } from '../support/asked.ts'

const RULES: MatchRules = {
  ...DEFAULT_RULES,
  headers: ['accept-language'],
  ignoreQuery: new Set(['ts']),
  ignoreForm: new Set(['ts']),
  ignoreJson: [[{ deep: true, names: ['ts'] }]],
  kinds: ['uuid', 'timestamp'],
}

/** The same in plain words, by another way: what a person would compare. */
function plain({ method, path, query, language, content }: Asked): string {
  const list = (pairs: readonly (readonly [string, string | undefined])[]): readonly string[] =>
    pairs.map(([name, value]) => JSON.stringify([name, value ?? null])).toSorted()
  return JSON.stringify([
    method,
    path.map(encodeURIComponent).join('/'),
    list(query),
    language ?? null,
    plainBody(content),
  ])
}

function plainBody({ type, body }: Asked['content']): unknown {
  if (body === '') return 'none'
  if (type.endsWith('urlencoded')) {
    const fields = body.split('&').map((field) => {
      const [name = '', ...value] = field.split('=')
      return JSON.stringify([name, value.length === 0 ? null : decodeURIComponent(value.join('='))])
    })
    return ['form', fields.toSorted()]
  }
  return type === 'application/json' || body === '[]' ? ['json', plainJson(body)] : ['bytes', body]
}

/** Members sorted; a name is kept with all its values, in order; numbers as text. */
function plainJson(text: string): unknown {
  let at = 0
  const read = (): unknown => {
    const first = text[at]
    if (first === '[' || first === '{') {
      at += 1
      const children: [string, unknown][] = []
      while (text[at] !== ']' && text[at] !== '}') {
        if (text[at] === ',') at += 1
        let name = String(children.length).padStart(3, '0')
        if (first === '{') {
          name = JSON.parse(scalar()) as string
          at += 1
        }
        children.push([name, read()])
      }
      at += 1
      return [first, children.toSorted(([a], [b]) => (a === b ? 0 : a < b ? -1 : 1))]
    }
    return scalar()
  }
  const scalar = (): string => {
    const found = /^(?:"[^"]*"|[^,\]}:]+)/.exec(text.slice(at))?.[0] ?? ''
    at += found.length
    return found
  }
  return read()
}

test('two requests share a signature exactly when they are the same question', () => {
  const headers = { ...DEFAULT_RULES, headers: ['accept-language'] }
  fc.assert(
    fc.property(ASKED, ASKED, fc.boolean(), (one, other, near) => {
      const second = near ? { ...one, content: other.content } : other
      const equal = signatureOf(requestOf(one), headers) === signatureOf(requestOf(second), headers)
      assert.equal(equal, plain(one) === plain(second))
    }),
    { numRuns: 5000 },
  )
})

test('requests differ in some field exactly when their signatures differ', () => {
  fc.assert(
    fc.property(ASKED, ASKED, fc.constantFrom(RULES, DEFAULT_RULES), (one, other, rules) => {
      const [asked, recorded] = [requestOf(one), requestOf(other)]
      const found = differences(openRequest(asked), openRequest(recorded), rules)
      assert.equal(found.length === 0, signatureOf(asked, rules) === signatureOf(recorded, rules))
    }),
    { numRuns: 5000 },
  )
})

test('a signature stays when what is ignored changes, and when what has no order is moved', () => {
  const noise = fc.record({
    query: WORD,
    form: WORD,
    json: JSON_VALUE,
    seconds: fc.integer({ min: 1e9, max: 4e9 }),
  })
  const build = (
    asked: Asked,
    own: typeof noise extends fc.Arbitrary<infer T> ? T : never,
    turned: boolean,
  ) => {
    const turn = <T>(list: readonly T[]): readonly T[] => (turned ? list.toReversed() : list)
    const query = turn<readonly [string, string | undefined]>([
      ...new Map<string, string | undefined>(asked.query),
      ['ts', own.query],
      ['at', String(own.seconds)],
    ])
    const members = turn([`"ts":${own.json}`, `"at":${own.seconds}`, '"b":[1,{"c":2}]'])
    const json = { type: 'application/json', body: ` { ${members.join(' ,\n')} } ` }
    const form = {
      type: 'application/x-www-form-urlencoded',
      body: encoded(
        turn([
          ['ts', own.form],
          ['a', 'b'],
        ]),
      ),
    }
    return [json, form].map((content) => requestOf({ ...asked, query: [...query], content }))
  }
  fc.assert(
    fc.property(ASKED, noise, noise, (asked, one, other) => {
      const [first, second] = [build(asked, one, false), build(asked, other, true)]
      for (const [index, request] of first.entries()) {
        assert.equal(signatureOf(request, RULES), signatureOf(second[index] ?? request, RULES))
      }
    }),
    { numRuns: 1000 },
  )
})

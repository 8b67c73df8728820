import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { gzipSync } from 'node:zlib'
import fc from 'fast-check'
import type { HttpRequest } from '../../src/core/exchange.ts'
import { DEFAULT_RULES } from '../../src/match/match-rules.ts'
import { signatureOf } from '../../src/match/signature.ts'
import { secretClasses } from '../../src/redact/classes.ts'
import { REDACT_ALL } from '../../src/redact/definition.ts'
import { placeholdersAsClasses } from '../../src/redact/placeholder-classes.ts'
import { createRedactor } from '../../src/redact/redactor.ts'
import { compileRules } from '../../src/redact/rules.ts'
import { aPair, aRequest } from '../support/a-pair.ts'

const RULES = compileRules({ ...REDACT_ALL, patterns: ['card-(\\d{16})'], query: ['pin'] })
const VALUE = fc.constantFrom(
  'a',
  'hush-hush-1',
  'redacted',
  'card-4111111111111111',
  'x=y&z',
  'ümlaut',
  '12345678901234567890',
)
const NAME = fc.constantFrom('password', 'client_secret', 'user', 'api_key', 'pin', 'token', 'Basic')
const PAIRS = fc.array(fc.tuple(NAME, VALUE), { maxLength: 3 })
const BASIC = `Basic ${Buffer.from('ann:pw').toString('base64')}`

const form = (pairs: readonly (readonly [string, string])[]): string =>
  pairs.map(([name, value]) => `${name}=${encodeURIComponent(value)}`).join('&')

const REQUEST = fc
  .record({
    query: PAIRS,
    fields: PAIRS,
    kind: fc.constantFrom('form', 'json', 'nested', 'text', 'gzip', 'none'),
  })
  .map(({ query, fields, kind }): HttpRequest => {
    const json = JSON.stringify({ list: fields.map(([name, value]) => ({ [name]: value })), auth: BASIC })
    const content = {
      form: ['application/x-www-form-urlencoded', form(fields)],
      json: ['application/json', json],
      nested: ['application/json', JSON.stringify({ event: json })],
      text: ['text/plain', fields.map(([, value]) => value).join(' ')],
      gzip: ['application/json', json],
      none: ['', ''],
    } as const
    const [type, text] = content[kind]
    return aRequest({
      method: 'POST',
      target: `/login?${form(query)}`,
      headers: [['Content-Type', type], ...(kind === 'gzip' ? [['Content-Encoding', 'gzip'] as const] : [])],
      body: kind === 'gzip' ? gzipSync(text) : text,
    })
  })

suite('placeholders as classes', () => {
  test('make of a redacted request the same question as the rules that redacted it make of the live one', () => {
    fc.assert(
      fc.property(REQUEST, (request) => {
        const { request: stored } = createRedactor(RULES)(aPair({ request: { ...request } }))
        const kept = signatureOf(placeholdersAsClasses(stored), DEFAULT_RULES)
        const secrets = secretClasses(RULES)
        assert.equal(kept, signatureOf(secrets.recorded(stored), DEFAULT_RULES))
        secrets.expectRedacted()
        assert.equal(kept, signatureOf(secrets.asked(request) ?? request, DEFAULT_RULES))
      }),
      { numRuns: 1000 },
    )
  })

  test('leave what is no placeholder', () => {
    for (const target of ['/redacted-a', '/a?b=redacted-1', '/a?b=redacted-SHA256-1', '/cmVkYWN0ZWQtxx']) {
      const request = aRequest({ target })
      assert.equal(placeholdersAsClasses(request), request)
    }
    const bearer = aRequest({ headers: [['Authorization', 'Bearer redacted-bearer-1']] })
    assert.equal(placeholdersAsClasses(bearer), bearer)
  })
})

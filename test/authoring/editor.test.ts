import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { after, suite, test } from 'node:test'
import { startLanguageServer } from '../support/language-server.ts'

// The server that VS Code's YAML extension runs, on documents that name the schema as a scaffold does.
const TRANSFORMS = resolve(import.meta.dirname, '../../transforms')
const SCHEMA = '# yaml-language-server: $schema=../config/transforms.schema.json\n'
const server = await startLanguageServer()
after(() => server.close())

function uriOf(name: string): string {
  return pathToFileURL(join(TRANSFORMS, name)).href
}

/** A document whose chain is in lines 4 to the end. */
function chain(...lines: readonly string[]): string {
  return `${SCHEMA}version: 1\nresponder:\n  - ${lines.join('\n    ')}\n`
}

const STEPS = ['extractor: http_res_body', 'transforms:']

/** @param place of the cursor, behind the first occurrence of a text */
function behind(text: string, what: string): { readonly line: number; readonly character: number } {
  const lines = text.slice(0, text.indexOf(what) + what.length).split('\n')
  return { line: lines.length - 1, character: lines.at(-1)?.length ?? 0 }
}

suite('in an editor', () => {
  test('the demo’s document and every spelling of a step are right', async () => {
    const demo = readFileSync(join(TRANSFORMS, 'demo.yaml'), 'utf8')
    const spellings = chain(
      'id: login',
      'filters: { method: POST, path: /token, status: 2xx }',
      ...STEPS,
      '  - json_path: access_token',
      '  - json_path: { path: a }',
      '  - { type: json_path, config: { path: a } }',
      '  - base64url',
      '  - jwt_resign',
      '  - jwt_resign: {}',
      '  - jwt_resign: { alg: ES256, time: { ttl: 15m }, claims: { set: { admin: true } } }',
      '  - { type: jwt_resign }',
    )
    assert.deepEqual(await server.diagnose(uriOf('demo-right.yaml'), demo), [])
    assert.deepEqual(await server.diagnose(uriOf('spellings.yaml'), spellings), [])
  })

  const mistakes: readonly (readonly [what: string, text: string, line: number, message: RegExp])[] = [
    ['a key of the document', `${SCHEMA}version: 1\nresponders: []\n`, 3, /responders is not allowed/],
    ['the version', `${SCHEMA}version: 2\n`, 2, /1/],
    [
      'a key of a chain',
      chain('exractor: http_res_body', ...STEPS, '  - jwks'),
      4,
      /exractor is not allowed/,
    ],
    ['a filter', chain('filters: { metod: GET }', ...STEPS, '  - jwks'), 4, /metod is not allowed/],
    ['an extractor', chain('extractor: http_res_bdy', 'transforms: [jwks]'), 4, /"http_res_body"/],
    ['a step', chain(...STEPS, '  - json_pth: a'), 6, /json_pth is not allowed/],
    ['an option', chain(...STEPS, '  - jwt_resign: { secret: a }'), 6, /secret is not allowed/],
    ['a word of a closed set', chain(...STEPS, '  - jwt_resign: { alg: RS25 }'), 6, /"RS256"/],
    ['the type of a value', chain(...STEPS, '  - date_shift: { by: 5 }'), 6, /Expected "string"/],
    ['a chain without steps', chain('extractor: http_res_body', 'transforms: []'), 5, /too few items/],
    ['a chain without an extractor', chain('id: a', 'transforms: [jwks]'), 4, /"extractor"/],
    ['a quote that is left open', chain('id: "a', ...STEPS, '  - jwks'), 8, /closing "quote/],
  ]
  for (const [at, [what, text, line, message]] of mistakes.entries())
    test(`a mistake in ${what} is shown in its line`, async () => {
      const found = await server.diagnose(uriOf(`mistake-${at}.yaml`), text)
      const there = found.filter(({ range }) => range.start.line === line - 1)
      assert.ok(
        there.some(({ message: said }) => message.test(said)),
        JSON.stringify(found),
      )
    })

  test('the words of a document say what they mean', async () => {
    const text = chain(
      'filters: { path: /a }',
      ...STEPS,
      '  - json_path: a',
      '  - jwt_resign: { time: keep }',
    )
    const uri = uriOf('hover.yaml')
    assert.deepEqual(await server.diagnose(uri, text), [])
    for (const [word, says] of [
      ['filters', /Which recorded pairs the chain is for/],
      ['extractor', /^#### http\\_res\\_body\n\nThe response's body/],
      ['json_path', /^#### json\\_path\n\nJSON path of the values/],
      ['jwt_resign', /^#### jwt\\_resign\n\nSigns a JWT again/],
      ['time', /moves the times of the token/],
    ] as const) {
      const hover = (await server.at('textDocument/hover', uri, behind(text, ` ${word.slice(0, 3)}`))) as {
        contents: { value: string }
      } | null
      assert.match(hover?.contents.value ?? `nothing of ${word}`, says)
    }
  })

  test('steps and their options are offered', async () => {
    const text = chain(...STEPS, '  - js', '  - jwt_resign:', '      ')
    const uri = uriOf('offers.yaml')
    await server.diagnose(uri, text)
    const offered = async (what: string): Promise<readonly string[]> => {
      const answer = await server.at('textDocument/completion', uri, behind(text, what))
      return (answer as { items: readonly { label: string }[] }).items.map(({ label }) => label)
    }
    const steps = new Set(await offered('- js'))
    for (const step of ['json_path', 'jwt_resign', 'jwks', 'date_shift', 'map'])
      assert.ok(steps.has(step), step)
    const options = new Set(await offered('jwt_resign:\n          '))
    for (const option of ['secretPath', 'alg', 'kid', 'time', 'claims'])
      assert.ok(options.has(option), option)
  })
})

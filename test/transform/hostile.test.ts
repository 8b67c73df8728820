import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { checkTransformDocument } from '../../src/transform/document/document.ts'
import { bodyAfter, reasonsFor } from './support/apply.ts'

/** Seconds of CPU that some work takes. */
async function cpuOf(work: () => unknown): Promise<number> {
  const start = process.cpuUsage()
  await work()
  const { user, system } = process.cpuUsage(start)
  return (user + system) / 1e6
}

suite('hostile bodies', () => {
  test('JSON of 100,000 levels is read at any depth, and refused where an engine does not go so deep', async () => {
    const deep = `${'{"a":'.repeat(100_000)}{"t":"x"}${'}'.repeat(100_000)}`
    assert.ok(
      (await cpuOf(async () => {
        const after = await bodyAfter(deep, "{json_path: '$..t'}, {set: new}")
        assert.ok(after.includes('{"t":"new"}'))
      })) < 5,
    )
    const reason = 'the document is too deep or too large for the path'
    for (const path of ['$..[?@.t]', '$..t^', '$..*..*']) {
      assert.ok(reasonsFor(deep, `{json_path: '${path}'}, {set: x}`).includes(reason), path)
    }
  })

  test('a body of 50 MB is searched in time proportional to it', async () => {
    const body = `{"fill":"${'x'.repeat(50_000_000)}","t":"old"}`
    assert.ok(
      (await cpuOf(async () => {
        const after = await bodyAfter(body, '{json_path: t}, {set: new}')
        assert.ok(after.endsWith('"t":"new"}'))
      })) < 10,
    )
  })

  test('a string of 20 MB with escapes at both ends keeps its spelling', async () => {
    const fill = 'x'.repeat(20_000_000)
    const body = `{"t":"\\u0041${fill} old ${fill}\\/"}`
    const cpu = await cpuOf(async () => {
      const after = await bodyAfter(body, "{json_path: t}, {regex: ' (old) '}, {set: new}")
      assert.equal(after, body.replace('old', 'new'))
    })
    assert.ok(cpu < 10)
  })

  test('a pattern that would keep a backtracking engine busy for ever takes linear time', async () => {
    const text = `${'a'.repeat(50_000)}!`
    assert.ok((await cpuOf(() => reasonsFor(text, "{regex: '^(a+)+$'}, {set: x}"))) < 5)
    const json = JSON.stringify([{ s: 'a'.repeat(5000) + '!' }])
    const filter = '$[?match(@.s, "(a+)+")]'
    assert.ok((await cpuOf(() => reasonsFor(json, `{json_path: '${filter}'}, {set: x}`))) < 5)
  })

  test('members called __proto__ and constructor are members as any other', async () => {
    const body = '{"__proto__":{"a":"x"},"constructor":"y"}'
    const after = await bodyAfter(body, "{json_path: '__proto__.a'}, {set: new}")
    assert.equal(after, '{"__proto__":{"a":"new"},"constructor":"y"}')
    assert.equal(Object.hasOwn(Object.prototype, 'a'), false)
    assert.ok(reasonsFor('{}', '{json_path: constructor}, {set: x}').includes('the path selects nothing'))
    const filtered = await bodyAfter(
      `[${body}]`,
      '{json_path: \'$[?@.constructor == "y"].constructor\'}, {set: new}',
    )
    assert.equal(filtered, '[{"__proto__":{"a":"x"},"constructor":"new"}]')
  })

  test('text without an end for its markup, form or parts takes linear time', async () => {
    const size = 300_000
    const cases: readonly (readonly [body: string, steps: string])[] = [
      ['<a>'.repeat(size), "{xml_path: '//a//a//b'}, {set: x}"],
      [`${'<a>'.repeat(20_000)}${'</a>'.repeat(20_000)}`, "{xml_path: '//a//a//a//b'}, {set: x}"],
      ['<input '.repeat(size), '{html_form: a}, {set: x}'],
      [`<input ${'a='.repeat(size)}`, '{html_form: a}, {set: x}'],
      ['&'.repeat(size), '{form_field: a}, {set: x}'],
      [`--b\r\n${'\r\n--'.repeat(size)}`, '{multipart_field: a}, {set: x}'],
      ['data:\n'.repeat(size), '{sse_data: nope}, {set: x}'],
      ['eyJ.'.repeat(size), '{find: jwt}, {set: x}'],
      ['%'.repeat(size), 'url_decode, {json_path: a}, {set: x}'],
      ['2026-11-20T'.repeat(size / 10), 'base64, {json_path: a}, {set: x}'],
    ]
    for (const [body, steps] of cases) {
      assert.ok((await cpuOf(() => reasonsFor(body, steps))) < 5, steps)
    }
  })

  test('a hundred thousand places in one body are changed in order', async () => {
    const body = JSON.stringify(Array.from({ length: 100_000 }, (_, index) => `v${index}`))
    assert.ok(
      (await cpuOf(async () => {
        const after = await bodyAfter(body, "{json_path: '$[*]'}, {set: new}")
        assert.equal(after.length, 100_000 * 6 + 1)
        assert.equal(await bodyAfter(body, "{json_path: '$[*]'}, delete"), '[]')
      })) < 10,
    )
  })
})

suite('hostile documents', () => {
  const errorsOf = (source: string): readonly string[] =>
    checkTransformDocument(source, 't.yaml').errors.map(({ message }) => message)

  test('10 MB of YAML are refused at once', async () => {
    const source = `# ${'x'.repeat(10 * 1024 * 1024)}\nversion: 1\n`
    assert.ok((await cpuOf(() => assert.deepEqual(errorsOf(source), ['The file is larger than 1 MiB']))) < 1)
  })

  test('aliases that multiply are refused', () => {
    const lines = ['a0: &a0 [x, x, x, x, x, x, x, x, x, x]']
    for (let level = 1; level < 12; level += 1) {
      lines.push(`a${level}: &a${level} [${`*a${level - 1}, `.repeat(9)}*a${level - 1}]`)
    }
    assert.deepEqual(errorsOf(lines.join('\n')), ['Aliases repeat the same values far too often'])
  })

  test('a pattern, a template or a path of absurd length is refused with a sentence', () => {
    const chain = (step: string): string =>
      `responder:\n  - extractor: http_res_body\n    transforms: [${step}]\n`
    assert.match(errorsOf(chain(`{regex: '${'a'.repeat(3000)}'}, {set: x}`))[0] ?? '', /longer than 2000/)
    assert.match(errorsOf(chain(`{regex: '(((((a{1000}){1000}){1000}))'}, {set: x}`))[0] ?? '', /regex/)
  })
})

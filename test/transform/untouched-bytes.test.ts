import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { bodyAfter } from './support/apply.ts'

/** A text with one place in it: how it is built around a value, and the steps that go there. */
interface Format {
  readonly name: string
  readonly steps: string
  /** What may stand around the place. */
  readonly around: fc.Arbitrary<string>
  readonly build: (before: string, value: string, after: string) => string
}

const words = fc.stringMatching(/^[a-z0-9%+.~ü-]{0,12}$/)
const markup = fc.stringMatching(/^[a-z &;#x0-9é]{0,12}$/)
const b64 = (text: string): string => Buffer.from(text).toString('base64')

const FORMATS: readonly Format[] = [
  {
    name: 'form_field',
    steps: '{form_field: k}',
    around: words,
    build: (a, v, z) => `a=${a}&k=${v}&&z=${z}`,
  },
  {
    name: 'query_param',
    steps: '{query_param: k}',
    around: words,
    build: (a, v, z) => `/${a}?x=${a}&k=${v}&z=${z}#${a}`,
  },
  {
    name: 'url_fragment',
    steps: 'url_fragment, {form_field: k}',
    around: words,
    build: (a, v, z) => `https://h/${a}?k=1#a=${z}&k=${v}`,
  },
  {
    name: 'xml_path',
    steps: "{xml_path: '/r/k'}",
    around: markup,
    build: (a, v, z) => `<r>${a}<a x="${z}"/><k>${v}</k>${z}</r>\n`,
  },
  {
    name: 'html_form',
    steps: '{html_form: k}',
    around: markup,
    build: (a, v, z) => `<p>${a}<input name="a" value="${z}"><input value='${v}' name=k >${z}`,
  },
  {
    name: 'split',
    steps: '{split: {separator: "|", index: 1}}',
    around: words,
    build: (a, v, z) => `${a} | ${v} |${z}`,
  },
  {
    name: 'ndjson',
    steps: 'ndjson, {json_path: k}',
    around: fc.jsonValue().map((value) => JSON.stringify(value)),
    // The last line has no place of the path, whatever it holds.
    build: (a, v, z) => `{"a":${a}}\n{"k" : "${v}", "z":${z}}\r\n[${a}]`,
  },
  {
    name: 'sse_data',
    steps: '{sse_data: k}',
    around: words,
    build: (a, v, z) => `id: ${a}\ndata:${a}\n\nevent: k\ndata: ${v}\nretry: 1\n\n: ${z}\n`,
  },
  {
    name: 'multipart_field',
    steps: '{multipart_field: k}',
    around: words,
    build: (a, v, z) =>
      `--b\r\nContent-Disposition: form-data; name="a"\r\n\r\n${a}\r\n--b\r\nContent-Disposition: form-data; name="k"\r\n\r\n${v}\r\n--b--${z}`,
  },
  { name: 'regex', steps: "{regex: 'k=(old)'}", around: words, build: (a, v, z) => `${a} k=${v} ${z}` },
  {
    name: 'base64',
    steps: 'base64, {form_field: k}',
    around: words,
    build: (a, v, z) => b64(`a=${a}&k=${v}&z=${z}`),
  },
  {
    name: 'url_decode',
    steps: 'url_decode, {split: {separator: "|", index: 1}}',
    around: words.map(encodeURIComponent),
    build: (a, v, z) => `${a}%7c${v}%7C${z}`,
  },
  {
    name: 'json_path',
    steps: "{json_path: 'l[1].k'}",
    around: fc.jsonValue().map((value) => JSON.stringify(value)),
    build: (a, v, z) => `{"a" :${a},"l": [ ${z}, {"k":"${v}" ,"z":${z}}] }`,
  },
  {
    name: 'json in json',
    steps: '{json_path: p}, {json_path: k}',
    around: fc.jsonValue().map((value) => JSON.stringify(value)),
    build: (a, v, z) => `{"a":${a},"p":${JSON.stringify(`{"k":"${v}","z":${z}}`)}}`,
  },
]

for (const { name, steps, around, build } of FORMATS) {
  test(`${name} changes its place and no other byte, whatever stands around`, async () => {
    await fc.assert(
      fc.asyncProperty(around, around, async (before, after) => {
        const served = await bodyAfter(build(before, 'old', after), `${steps}, {set: new}`)
        assert.equal(Buffer.from(served, 'latin1').toString(), build(before, 'new', after))
      }),
      { numRuns: 60 },
    )
  })
}

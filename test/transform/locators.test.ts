import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { brotliCompressSync, gunzipSync, gzipSync, zstdCompressSync, deflateSync } from 'node:zlib'
import * as fc from 'fast-check'
import { aRequest } from '../support/a-pair.ts'
import { aChain, answering, bodyAfter, compile, reasonsFor, serve } from './support/apply.ts'

const b64 = (text: string): string => Buffer.from(text).toString('base64')
const b64url = (text: string): string => Buffer.from(text).toString('base64url')
const JWT = `${b64url('{"alg":"none" , "kid":"k1"}')}.${b64url('{"nonce":"old", "n":1}')}.`

/** A body, the steps that go into it and put `N"w&<` or what is said there, and the body that comes out. */
const ROUND_TRIPS: readonly (readonly [name: string, body: string, steps: string, after: string])[] = [
  ['json_path', '{ "a" : "x" , "b":1.0}', '{json_path: a}, {set: new}', '{ "a" : "new" , "b":1.0}'],
  ['json_path of a number', '{"a":1.50,"b":[ 2 ]}', "{json_path: 'b[0]'}, {set: 7}", '{"a":1.50,"b":[ 7 ]}'],
  ['json_path that changes the type', '{"a": "x"}', '{json_path: a}, {set: 7}', '{"a": 7}'],
  ['json_path of text for a number', '{"a": 7}', '{json_path: a}, {set: x}', '{"a": "x"}'],
  [
    'json_path with a filter',
    '[{"k":1,"v":"a"},{"k":2,"v":"b"}]',
    "{json_path: '$[?@.k == 2].v'}, {set: new}",
    '[{"k":1,"v":"a"},{"k":2,"v":"new"}]',
  ],
  ['json_path to a parent', '{"a":{"t":"x"},"b":{}}', "{json_path: '$..t^'}, {set: 1}", '{"a":1,"b":{}}'],
  ['json_path to a name', '{"a":{"t":"x"}}', "{json_path: 'a.t~'}, {set: new}", '{"a":{"new":"x"}}'],
  [
    'json_path in json_path',
    '{"p":"{\\"q\\":\\"x\\",\\u0022r\\":1}"}',
    '{json_path: p}, {json_path: q}, {set: new}',
    '{"p":"{\\"q\\":\\"new\\",\\u0022r\\":1}"}',
  ],
  ['the last of repeated members', '{"a":"1","a":"2"}', '{json_path: a}, {set: new}', '{"a":"1","a":"new"}'],
  ['form_field', 'a=1&b=x%20y&&c', '{form_field: b}, {set: "n w&"}', 'a=1&b=n+w%26&&c'],
  ['form_field without a value', 'a=1&c', '{form_field: c}, {set: ""}', 'a=1&c'],
  [
    'query_param',
    'https://h/p?a=1&code=x#f',
    '{query_param: code}, {set: new}',
    'https://h/p?a=1&code=new#f',
  ],
  ['url_segment', 'https://h/a/b%2Fc/d?x', '{url_segment: 1}, {set: "n/w"}', 'https://h/a/n%2Fw/d?x'],
  ['url_segment from the end', '/a/b/c', '{url_segment: -1}, {set: new}', '/a/b/new'],
  [
    'url_fragment',
    'https://h/#access_token=x&t=1',
    'url_fragment, {form_field: access_token}, {set: new}',
    'https://h/#access_token=new&t=1',
  ],
  ['regex', 'id=12; id=34', "{regex: 'id=([0-9]+)'}, {set: new}", 'id=new; id=new'],
  ['regex without a group', 'id=12; id=34', "{regex: '[0-9]+'}, {set: new}", 'id=new; id=new'],
  [
    'regex in text that is not ASCII',
    'é=ü; é=ö',
    "{regex: {pattern: 'é=(.)', group: 1}}, {set: new}",
    'é=new; é=new',
  ],
  [
    'xml_path',
    '<a><b x="1">t</b><b>u &amp; v</b></a>',
    "{xml_path: '/a/b[2]'}, {set: 'n<w'}",
    '<a><b x="1">t</b><b>n&lt;w</b></a>',
  ],
  [
    'xml_path to an attribute',
    "<a><s:b x='1'/><b x='2'/></a>",
    '{xml_path: \'//b[@x="2"]/@x\'}, {set: new}',
    "<a><s:b x='1'/><b x='new'/></a>",
  ],
  [
    'xml_path in CDATA',
    '<?xml version="1.0"?><!DOCTYPE a [<!ENTITY e "x">]><a><!-- <b> --><b><![CDATA[<x>]]></b></a>',
    "{xml_path: '/a/b'}, {set: new}",
    '<?xml version="1.0"?><!DOCTYPE a [<!ENTITY e "x">]><a><!-- <b> --><b><![CDATA[new]]></b></a>',
  ],
  [
    'html_form',
    '<form><INPUT type=hidden value="a&quot;b" NAME=t><input name="u" value=\'x\'></form>',
    '{html_form: t}, {set: "c\\"d"}',
    '<form><INPUT type=hidden value="c&quot;d" NAME=t><input name="u" value=\'x\'></form>',
  ],
  [
    'jwt_claim',
    `"${JWT}"`,
    'json_string, {jwt_claim: nonce}, {set: new}',
    `"${b64url('{"alg":"none" , "kid":"k1"}')}.${b64url('{"nonce":"new", "n":1}')}."`,
  ],
  [
    'jwt_header',
    JWT,
    '{jwt_header: kid}, {set: k2}',
    `${b64url('{"alg":"none" , "kid":"k2"}')}.${b64url('{"nonce":"old", "n":1}')}.`,
  ],
  [
    'base64',
    `{"a":"${b64('{"b":"x"}')}"}`,
    '{json_path: a}, base64, {json_path: b}, {set: new}',
    `{"a":"${b64('{"b":"new"}')}"}`,
  ],
  ['base64url', b64url('{"b":"xy"}'), 'base64url, {json_path: b}, {set: new}', b64url('{"b":"new"}')],
  ['url_decode', 'a%3db%7e', 'url_decode, {form_field: a}, {set: "new value"}', 'a%3dnew%2Bvalue'],
  ['json_string', ' "a\\u0062c" ', "json_string, {regex: 'c$'}, {set: d}", ' "a\\u0062d" '],
  ['split', 'a, b ,c', '{split: {separator: ",", index: 1}}, {set: new}', 'a, new ,c'],
  ['split from the end', 'a b c', '{split: {separator: " ", index: -1}}, {set: new}', 'a b new'],
  [
    'multipart_field',
    '--B\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n--B\r\nContent-Disposition: form-data; name="b"; filename="x"\r\nContent-Type: text/plain\r\n\r\nold\r\nold\r\n--B--\r\n',
    '{multipart_field: b}, {set: new}',
    '--B\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n--B\r\nContent-Disposition: form-data; name="b"; filename="x"\r\nContent-Type: text/plain\r\n\r\nnew\r\n--B--\r\n',
  ],
  [
    'sse_data',
    'event: a\ndata: {"x":1}\n\nid: 2\ndata: {\ndata: "x":2}\n\n',
    'sse_data, {json_path: x}, {set: 9}',
    'event: a\ndata: {"x":9}\n\nid: 2\ndata: {\ndata: "x":9}\n\n',
  ],
  [
    'sse_data of one event',
    'event: a\ndata: x\n\ndata: y\n\n',
    '{sse_data: a}, {set: "p\\nq"}',
    'event: a\ndata: p\ndata: q\n\ndata: y\n\n',
  ],
  ['ndjson', '{"a":1}\n\n{"a":2}\r\n', 'ndjson, {json_path: a}, {set: 3}', '{"a":3}\n\n{"a":3}\r\n'],
  ['find', `x ${JWT} host.name.tld v1.2.3`, 'find: jwt, {set: new}', 'x new host.name.tld v1.2.3'],
]

suite('a locator goes in and comes back out, and every other byte stays', () => {
  for (const [name, body, steps, after] of ROUND_TRIPS) {
    test(name, async () => {
      const written = steps.replace('find: jwt', '{find: jwt}')
      assert.equal(await bodyAfter(body, written), Buffer.from(after).toString('latin1'))
    })
  }

  test('gzip, deflate, br and zstd', async () => {
    const plain = '{"a":"x","b":1}'
    const codings = [
      ['gzip', gzipSync],
      ['deflate', deflateSync],
      ['br', brotliCompressSync],
      ['zstd', zstdCompressSync],
    ] as const
    for (const [coding, compress] of codings) {
      const body = `{"z":"${compress(plain).toString('base64')}"}`
      const steps = `{json_path: z}, base64, {gzip: ${coding}}, {json_path: a}, {set: new}`
      const same = `{"z":"${compress('{"a":"new","b":1}').toString('base64')}"}`
      assert.equal(await bodyAfter(body, steps), same)
    }
  })

  test('as deep as it is written', async () => {
    const token = `a=${encodeURIComponent(b64('{"t":"x"}'))}&b=2`
    const body = JSON.stringify({
      page: `<input name="r" value="https://h/?q=${encodeURIComponent(token)}">`,
    })
    const steps =
      '{json_path: page}, {html_form: r}, {query_param: q}, {form_field: a}, base64, {json_path: t}, {set: new}'
    const next = `a=${encodeURIComponent(b64('{"t":"new"}'))}&b=2`
    const after = JSON.stringify({
      page: `<input name="r" value="https://h/?q=${encodeURIComponent(next)}">`,
    })
    assert.equal(await bodyAfter(body, steps), after)
  })

  test('through the content coding of the body', async () => {
    const pair = answering(gzipSync('{"a":"x"}'), { headers: [['Content-Encoding', 'gzip']] })
    const served = await serve(compile(aChain('http_res_body', '{json_path: a}, {set: new}'), [pair]), pair)
    assert.equal(gunzipSync(served.body).toString(), '{"a":"new"}')
  })
})

/** What is not of a locator's form is passed over with a reason. */
const NOT_FOUND: readonly (readonly [body: string, step: string, reason: string])[] = [
  ['x', '{json_path: a}', 'not JSON'],
  ['{}', '{json_path: a}', 'the path selects nothing'],
  ['a=1', '{form_field: b}', 'no field b'],
  ['/p', '{query_param: b}', 'no query parameter b'],
  ['/p', '{url_segment: 3}', 'the path has no segment 3'],
  ['/p', 'url_fragment', 'the URL has no fragment'],
  ['abc', '{regex: d}', 'the pattern fits nowhere'],
  ['<a><b></a>', "{xml_path: '/a'}", 'not XML'],
  ['<a/>', "{xml_path: '/b'}", 'the path selects nothing'],
  ['<p>', '{html_form: a}', 'no input a with a value'],
  ['a.b.c', '{jwt_claim: a}', 'not a JWT'],
  [JWT, '{jwt_claim: a}', 'the token has no claim a'],
  ['a*b', 'base64', 'not base64'],
  ['YWI=\n', 'base64', 'not base64'],
  ['x', 'gzip', 'not gzip, or too large'],
  ['x', 'json_string', 'not a JSON string'],
  ['a', '{split: {separator: ",", index: 4}}', 'there is no part 4'],
  ['x', '{multipart_field: a}', 'not multipart'],
  ['id: 1\n\n', 'sse_data', 'no event'],
  ['v1.2.3 a.b.c', '{find: jwt}', 'no JWT in it'],
]

for (const [body, step, reason] of NOT_FOUND) {
  test(`${step} in ${JSON.stringify(body.slice(0, 20))} finds nothing: ${reason}`, () => {
    assert.ok(reasonsFor(body, `${step}, {set: x}`).includes(reason))
  })
}

suite('an extractor', () => {
  const at = async (
    extractor: string,
    steps: string,
    headers: readonly (readonly [string, string])[],
    more: object = {},
  ) => {
    const pair = answering('body', { headers, ...more })
    return serve(compile(aChain(extractor, steps), [pair]), pair)
  }

  test('http_res_cookie goes to a cookie or to one of its attributes', async () => {
    const headers = [
      ['Set-Cookie', 'a=1; Path=/'],
      ['set-cookie', 's="x y"; Max-Age=60 ; Secure'],
    ] as const
    const value = await at('{http_res_cookie: s}', '{set: new}', headers)
    assert.deepEqual(value.headers, [headers[0], ['set-cookie', 's="new"; Max-Age=60 ; Secure']])
    const age = await at('{http_res_cookie: {name: s, attribute: max-age}}', '{set: 5}', headers)
    assert.deepEqual(age.headers, [headers[0], ['set-cookie', 's="x y"; Max-Age=5 ; Secure']])
    const gone = await at('{http_res_cookie: {name: s, attribute: max-age}}', 'delete', headers)
    assert.deepEqual(gone.headers, [headers[0], ['set-cookie', 's="x y" ; Secure']])
    assert.deepEqual((await at('{http_res_cookie: s}', 'delete', headers)).headers, [headers[0]])
  })

  test('http_res_trailer goes to a trailer', async () => {
    const { trailers } = await at('{http_res_trailer: x-sum}', '{set: new}', [], {
      trailers: [['X-Sum', 'old']],
    })
    assert.deepEqual(trailers, [['X-Sum', 'new']])
  })

  test('http_res_status changes the code and its reason', async () => {
    const { status, reason } = await at('http_res_status', '{set: 503}', [])
    assert.deepEqual([status, reason], [503, 'Service Unavailable'])
  })

  test('http_res_latency is waited for', async () => {
    const { delivery } = await at('http_res_latency', '{set: 250}', [])
    assert.deepEqual(delivery, { delayMs: 250 })
  })

  test('http_res_header goes to every field of the name', async () => {
    const { headers } = await at('{http_res_header: x}', "{regex: '[0-9]'}, {set: n}", [
      ['X', 'a1'],
      ['Y', 'b1'],
      ['x', 'c2'],
    ])
    assert.deepEqual(headers, [
      ['X', 'an'],
      ['Y', 'b1'],
      ['x', 'cn'],
    ])
  })

  test('of the request reads every part of it', async () => {
    const request = {
      method: 'POST',
      target: '/users/a%20b?state=s%201&x',
      headers: [
        ['Cookie', 'a=1; sid=c3'],
        ['X-Id', 'h2'],
      ] as const,
      trailers: [['X-Sum', 't5']] as const,
      body: 'f=b4',
    }
    const extractors: readonly (readonly [extractor: string, value: string])[] = [
      ['{http_req_query: state}', 's 1'],
      ['{http_req_header: x-id}', 'h2'],
      ['{http_req_cookie: sid}', 'c3'],
      ['{http_req_trailer: x-sum}', 't5'],
      ['http_req_body', 'f=b4'],
      ['{http_req_segment: 1}', 'a b'],
      ['http_req_url', '/users/a%20b?state=s%201&x'],
    ]
    for (const [extractor, value] of extractors) {
      const pair = answering('"x"', {}, { request })
      const chains =
        aChain(extractor, '{var_store: v}') + aChain('http_res_body', 'json_string, {var_load: v}')
      const served = await serve(compile(chains, [pair]), pair)
      assert.equal(Buffer.from(served.body).toString(), JSON.stringify(value))
      const live = await serve(compile(chains, [pair]), pair, aRequest({ target: '/other' }))
      assert.ok(Buffer.from(live.body).toString().startsWith('"'))
    }
  })
})

test('random documents keep every byte outside random places', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.record({ name: fc.string(), value: fc.jsonValue() }), { minLength: 1, maxLength: 6 }),
      fc.nat(),
      fc.constantFrom('', ' ', '\n  '),
      async (members, pick, space) => {
        const chosen = pick % members.length
        const text = members.map(({ name, value }, index) => {
          const written = index === chosen ? '"old"' : JSON.stringify(value)
          return `${space}${JSON.stringify(`${index}${name}`)}${space}:${space}${written}`
        })
        const body = `{${text.join(`${space},`)}${space}}`
        const path = `$[${JSON.stringify(`${chosen}${members[chosen]?.name ?? ''}`)}]`
        const after = await bodyAfter(body, `{json_path: ${JSON.stringify(path)}}, {set: "new"}`)
        const at = text.slice(0, chosen).join(`${space},`).length + (chosen === 0 ? 1 : 2 + space.length)
        const before = body.slice(0, at) + body.slice(at).replace('"old"', '"new"')
        assert.equal(Buffer.from(after, 'latin1').toString(), before)
      },
    ),
    { numRuns: 150 },
  )
})

import assert from 'node:assert/strict'
import { createHash, createHmac } from 'node:crypto'
import { suite, test } from 'node:test'
import { aPair, aRequest } from '../support/a-pair.ts'
import { aChain, answering, bodyAfter, compile, NOW, reasonsFor, serve } from './support/apply.ts'

const DAY = 86_400_000
const b64url = (text: string): string => Buffer.from(text).toString('base64url')

suite('set', () => {
  test('puts values of any type', async () => {
    const cases: readonly (readonly [value: string, written: string])[] = [
      ['text', '"text"'],
      ['"a\\"b"', '"a\\"b"'],
      ['é', '"é"'],
      ['5', '5'],
      ['true', 'true'],
      ['{value: null}', 'null'],
      ['{value: {a: [1, x]}}', '{"a":[1,"x"]}'],
    ]
    for (const [value, written] of cases) {
      const after = await bodyAfter('{"a":"old"}', `{json_path: a}, {set: ${value}}`)
      assert.equal(Buffer.from(after, 'latin1').toString(), `{"a":${written}}`)
    }
  })

  test('puts expressions of every kind', async (t) => {
    const request = aRequest({
      method: 'POST',
      target: '/u/7?state=s%221',
      headers: [
        ['X-Id', 'h'],
        ['Cookie', 'c=k'],
        ['Content-Type', 'application/json'],
      ],
      body: '{"n":{"x":"j"}}',
    })
    const written =
      '${{secret:a/b}} ${{env_var:WHO}} ${{query:state}} ${{header:x-id}} ${{cookie:c}} ${{json:n.x}} ${{segment:1}} ${{recorded}} ${{now:epoch}} ${{now-1d:iso_date}}'
    const pair = answering('{"a":"old"}')
    const transforms = compile(aChain('http_res_body', `{json_path: a}, {template: '${written}'}`), [pair], {
      t,
      files: { 'a/b': 'secret\n' },
      env: { WHO: 'me' },
    })
    const { body } = await serve(transforms, pair, request)
    const text = `secret me s"1 h k j 7 old ${Math.floor(NOW / 1000)} 2026-11-24`
    assert.equal(Buffer.from(body).toString(), JSON.stringify({ a: text }))
  })

  test('makes random text that is the same for the same recorded value and seed', async () => {
    const steps = "{json_path: '$[*]'}, {set: 'u-${{rand_string:8}}-${{uuid}}'}"
    const [first, second, third] = JSON.parse(await bodyAfter('["a","b","a"]', steps)) as string[]
    assert.match(
      first ?? '',
      /^u-[A-Za-z0-9]{8}-[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/,
    )
    assert.equal(first, third)
    assert.notEqual(first, second)
    assert.notEqual(
      await bodyAfter('["a","b","a"]', steps, { seed: 'other' }),
      await bodyAfter('["a","b","a"]', steps),
    )
  })

  test('leaves nothing unresolved', (t) => {
    const refused = (value: string, message: RegExp): void => {
      const chain = aChain('http_res_body', `{set: '${value}'}`)
      assert.throws(() => compile(chain, [answering('x')], { t, files: {} }), message)
    }
    refused('${{env_var:NOPE}}', /The environment variable NOPE is not set/)
    refused('${{secret:no/such}}', /no\/such/)
    refused('${{var:nope}}', /No step stores the variable "nope"/)
    refused('${{nope:x}}', /which is no word that has a value/)
    refused('${{now', /has a \$\{\{ that is not closed/)
    refused('${{rand_string:x}}', /needs a length/)
  })
})

suite('delete', () => {
  test('takes members and items out with their separators', async () => {
    const cases: readonly (readonly [body: string, path: string, after: string])[] = [
      ['{ "a" : 1, "b" : 2, "c" : 3 }', 'a', '{ "b" : 2, "c" : 3 }'],
      ['{ "a" : 1, "b" : 2, "c" : 3 }', 'c', '{ "a" : 1, "b" : 2 }'],
      ['{ "a" : 1, "b" : 2, "c" : 3 }', "$['a','b']", '{ "c" : 3 }'],
      ['{ "a" : 1, "b" : 2, "c" : 3 }', '$.*', '{  }'],
      ['[1, 2, 3, 4]', '$[1:3]', '[1, 4]'],
      ['[1, [2], 3]', '$[1][0]', '[1, [], 3]'],
    ]
    for (const [body, path, after] of cases) {
      assert.equal(await bodyAfter(body, `{json_path: "${path}"}, delete`), after)
    }
    assert.equal(await bodyAfter('a=1&b=2&c=3', '{form_field: b}, delete'), 'a=1&c=3')
    assert.equal(
      await bodyAfter('<a><b x="1" y="2"/></a>', "{xml_path: '//b/@y'}, delete"),
      '<a><b x="1"/></a>',
    )
    assert.equal(await bodyAfter('<a><b/><c/></a>', "{xml_path: '//b'}, delete"), '<a><c/></a>')
  })

  test('takes a whole header field out', async () => {
    const pair = answering('x', {
      headers: [
        ['A', '1'],
        ['B', '2'],
        ['a', '3'],
      ],
    })
    const { headers } = await serve(compile(aChain('{http_res_header: a}', 'delete'), [pair]), pair)
    assert.deepEqual(headers, [['B', '2']])
  })

  test('is not for a whole body', () => {
    assert.deepEqual(reasonsFor('x', 'delete'), ['not a member, item or field that could be taken out'])
  })
})

suite('replace', () => {
  test('replaces text, and patterns with their groups', async () => {
    assert.equal(await bodyAfter('a.b a.b', '{replace: {find: a.b, with: $1c}}'), '$1c $1c')
    assert.equal(
      await bodyAfter('u-12 u-3', "{replace: {regex: 'u-([0-9]+)', with: 'v-$1.$$'}}"),
      'v-12.$ v-3.$',
    )
  })

  test('works on what an earlier step put', async () => {
    assert.equal(
      await bodyAfter('{"a":"x"}', '{json_path: a}, {set: abc}, {replace: {find: b, with: "-"}}'),
      '{"a":"a-c"}',
    )
  })
})

suite('date_shift', () => {
  const shifted = async (date: string, options = '{}'): Promise<string> =>
    JSON.parse(await bodyAfter(JSON.stringify({ d: date }), `{json_path: d}, {date_shift: ${options}}`))
      .d as string

  const FORMS: readonly (readonly [recorded: string, after: string, options?: string])[] = [
    ['2026-11-20T10:00:00Z', '2026-11-25T10:00:00Z'],
    ['2026-11-20T10:00:00.123456789Z', '2026-11-25T10:00:00.123456789Z'],
    ['2026-11-20T10:00:00,5+02:00', '2026-11-25T10:00:00,5+02:00'],
    ['2026-11-20T23:30:00-05:30', '2026-11-25T23:30:00-05:30'],
    ['2026-11-20T10:00:00', '2026-11-25T10:00:00'],
    ['20261120T100000Z', '20261125T100000Z'],
    ['2026-11-20', '2026-11-25'],
    ['2026-11-20 10:00:00.5', '2026-11-25 10:00:00.5'],
    ['Fri, 20 Nov 2026 10:00:00 GMT', 'Wed, 25 Nov 2026 10:00:00 GMT'],
    ['Friday, 20-Nov-26 10:00:00 GMT', 'Wednesday, 25-Nov-26 10:00:00 GMT'],
    ['Fri, 20 Nov 2026 10:00:00 +0200', 'Wed, 25 Nov 2026 10:00:00 +0200'],
    ['1795168800', '1795600800'],
    ['1795168800123', '1795600800123'],
    ['1795168800123456', '1795600800123456'],
    ['Fri Nov 27 10:00:00 2026', 'Wed Dec  2 10:00:00 2026'],
    ['11/20/2026 09:05 pm', '11/25/2026 09:05 pm', "{format: 'MM/dd/yyyy hh:mm a'}"],
    ['20 Nov 26 10:00 GMT', '25 Nov 26 10:00 GMT', '{format: RFC822}'],
    ['2026-Nov-20 10:00', '2026-Nov-25 10:00', "{format: '2006-Jan-02 15:04'}"],
    ['2026-11-20T10:00:00Z', '2026-11-21T10:00:00Z', '{by: +1d}'],
    ['2026-11-20T10:00:00Z', '2026-11-20T09:30:00Z', '{by: -30m}'],
  ]
  for (const [recorded, after, options] of FORMS) {
    test(`moves ${recorded} to ${after}`, async () => {
      assert.equal(await shifted(recorded, options), after)
    })
  }

  test('finds the dates inside a text, and keeps the time of day with a precision', async () => {
    const text = 'from 2026-11-20 to 2026-11-21T00:00:00Z, see Fri, 20 Nov 2026 10:00:00 GMT.'
    const after = 'from 2026-11-25 to 2026-11-26T00:00:00Z, see Wed, 25 Nov 2026 10:00:00 GMT.'
    assert.equal(await shifted(text), after)
    const later = answering('2026-11-20T10:00:00Z')
    const transforms = compile(aChain('http_res_body', '{date_shift: {precision: 24h}}'), [later])
    const { body } = await serve(transforms, later, later.request, NOW + DAY / 4)
    assert.equal(Buffer.from(body).toString(), '2026-11-25T10:00:00Z')
  })

  test('is not for what no calendar has', () => {
    assert.ok(
      reasonsFor('{"d":"2026-02-31T00:00:00Z"}', '{json_path: d}, date_shift').includes(
        'no date of that form',
      ),
    )
    assert.ok(reasonsFor('{"d":"12345"}', '{json_path: d}, date_shift').includes('no date of that form'))
  })

  test('now keeps the recorded form', async () => {
    assert.equal(await bodyAfter('Fri, 20 Nov 2026 10:00:00 GMT', 'now'), 'Wed, 25 Nov 2026 12:00:00 GMT')
    assert.equal(await bodyAfter('x', '{now: {format: RFC3339, plus: 1h}}'), '2026-11-25T13:00:00Z')
  })
})

suite('values that are made', () => {
  test('uuid and random are stable for each recorded value', async () => {
    const [a, b, c] = JSON.parse(await bodyAfter('["x","y","x"]', "{json_path: '$[*]'}, uuid")) as string[]
    assert.match(a ?? '', /^[0-9a-f-]{36}$/)
    assert.equal(a, c)
    assert.notEqual(a, b)
    assert.match(await bodyAfter('User-12ab', 'random'), /^[A-Z][a-z]{3}-\d\d[a-f]{2}$/)
    assert.match(await bodyAfter('x', "{random: 'user_[0-9]{6}\\d[x-z]{2,3}'}"), /^user_\d{7}[xyz]{2,3}$/)
  })

  test('uuid for each response is another one each time', async () => {
    const pair = answering('x')
    const transforms = compile(aChain('http_res_body', '{uuid: response}'), [pair])
    const [first, second] = [await serve(transforms, pair), await serve(transforms, pair)]
    assert.notDeepEqual(first.body, second.body)
  })

  test('hash, hmac and mask', async (t) => {
    assert.equal(await bodyAfter('abc', 'hash'), createHash('sha256').update('abc').digest('hex'))
    assert.equal(
      await bodyAfter('abc', '{hmac: {secretPath: k/s, algorithm: sha512, encoding: base64}}', {
        t,
        files: { 'k/s': 'key\n' },
      }),
      createHmac('sha512', 'key').update('abc').digest('base64'),
    )
    assert.equal(await bodyAfter('4111-1111-1111-1234', '{mask: 4}'), '****-****-****-1234')
    assert.equal(await bodyAfter('ab c', "{mask: {with: 'x'}}"), 'xx x')
  })

  test('one_of chooses by the recorded value, or in turn', async () => {
    const chosen = await bodyAfter('["a","a"]', "{json_path: '$[*]'}, {one_of: [1, two]}")
    assert.ok(['[1,1]', '["two","two"]'].includes(chosen))
    const pair = answering('"x"')
    const transforms = compile(
      aChain('http_res_body', "{json_path: '$'}, {one_of: {values: [1, two], pick: turn}}"),
      [pair],
    )
    const bodies = [
      await serve(transforms, pair),
      await serve(transforms, pair),
      await serve(transforms, pair),
    ]
    assert.deepEqual(
      bodies.map(({ body }) => Buffer.from(body).toString()),
      ['1', '"two"', '1'],
    )
  })

  test('csv looks a value up', async () => {
    const table = '"id,from","to"\r\n1,"a ""b"""\n2,é\n'
    const step = '{csv: {path: t.csv, key: "id,from", value: to}}'
    const readData = (): string => table
    const after = await bodyAfter('[1,"2"]', `{json_path: '$[*]'}, ${step}`, { readData })
    assert.equal(Buffer.from(after, 'latin1').toString(), '["a \\"b\\"","é"]')
    assert.deepEqual(reasonsFor('3', '{csv: {text: "a,b\\n1,2\\n", key: a, value: b}}'), [
      'the value is not in the table',
    ])
    assert.throws(
      () => reasonsFor('3', '{csv: {text: "a,b\\n1,2\\n", key: c, value: b}}'),
      /The table has no column "c"/,
    )
  })
})

suite('what a request says', () => {
  test('from_request puts it into the response, and a request without it leaves what was recorded', async () => {
    const pair = answering('{"state":"old","id":7}', { headers: [['Location', '/cb?state=old']] })
    const chains =
      aChain('http_res_body', '{json_path: state}, {from_request: {query: state}}') +
      aChain('{http_res_header: location}', '{query_param: state}, {from_request: {query: state}}')
    const transforms = compile(chains, [pair])
    const live = await serve(transforms, pair, aRequest({ target: '/?state=n%22%0d%0aX:%20y' }))
    assert.equal(Buffer.from(live.body).toString(), '{"state":"n\\"\\r\\nX: y","id":7}')
    assert.deepEqual(live.headers[0], ['Location', '/cb?state=n%22%0D%0AX%3A+y'])
    assert.equal(Buffer.from((await serve(transforms, pair)).body).toString(), '{"state":"old","id":7}')
  })

  test('cannot end a header field', async () => {
    const pair = answering('x', { headers: [['X-Echo', 'old']] })
    const transforms = compile(aChain('{http_res_header: x-echo}', '{from_request: {query: q}}'), [pair])
    const { headers } = await serve(transforms, pair, aRequest({ target: '/?q=a%0d%0aSet-Cookie:%20x' }))
    assert.deepEqual(headers, [['X-Echo', 'a  Set-Cookie: x']])
  })

  test('is kept by var_store for the responses after it', async () => {
    const login = answering('{}', {}, { id: 1, request: { target: '/login?user=ann' } })
    const page = answering('{"hello":"ann"}', {}, { id: 2, request: { target: '/page' } })
    const transforms = compile(
      aChain('{http_req_query: user}', '{var_store: user}') +
        aChain('http_res_body', "{json_path: hello}, {set: '${{user}}!'}"),
      [login, page],
    )
    const hello = async (): Promise<string> => Buffer.from((await serve(transforms, page)).body).toString()
    assert.equal(await hello(), '{"hello":"ann!"}')
    await serve(transforms, login, aRequest({ target: '/login?user=bob' }))
    assert.equal(await hello(), '{"hello":"bob!"}')
  })

  test('var_store keeps what a response served', async () => {
    const pair = answering('{"id":"x"}', {}, { id: 1 })
    const next = answering('{"ref":"x"}', {}, { id: 2 })
    const transforms = compile(
      aChain('http_res_body', '{json_path: id}, {from_request: {query: id}}, {var_store: id}') +
        aChain('http_res_body', '{json_path: ref}, {var_load: id}'),
      [pair, next],
    )
    await serve(transforms, pair, aRequest({ target: '/?id=live' }))
    assert.equal(Buffer.from((await serve(transforms, next)).body).toString(), '{"ref":"live"}')
  })

  test('map puts what stands for a recorded value wherever responses have it', async () => {
    const made = answering(
      '{"id":"ord-1","note":"ord-10 and ord-1"}',
      {},
      {
        id: 1,
        request: { method: 'POST', target: '/orders', body: '{"id":"ord-1"}' },
      },
    )
    const later = answering(
      '<a href="/orders/ord-1">',
      { headers: [['Location', '/orders/ord-1']] },
      { id: 2 },
    )
    const transforms = compile(aChain('http_req_body', '{json_path: id}, map'), [made, later])
    const live = aRequest({ method: 'POST', target: '/orders', body: '{"id":"live\\"7"}' })
    const answer = await serve(transforms, made, live)
    assert.equal(Buffer.from(answer.body).toString(), '{"id":"live\\"7","note":"ord-10 and live\\"7"}')
    const { body, headers } = await serve(transforms, later)
    assert.equal(Buffer.from(body).toString(), '<a href="/orders/live"7">')
    assert.deepEqual(headers, [['Location', '/orders/live%227']])
  })
})

suite('the head', () => {
  test('status, header and delay', async () => {
    const pair = answering('x', {
      headers: [
        ['A', '1'],
        ['B', '2'],
        ['a', '3'],
        ['C', '4'],
      ],
    })
    const steps =
      "{status: 429}, {header: {set: {a: 'n-${{query:q}}', D: x}, add: {B: [y, z]}, remove: [c]}}, {delay: 250ms}"
    const served = await serve(
      compile(aChain('http_res_body', steps), [pair]),
      pair,
      aRequest({ target: '/?q=7' }),
    )
    assert.deepEqual([served.status, served.reason], [429, 'Too Many Requests'])
    assert.deepEqual(served.headers, [
      ['A', 'n-7'],
      ['B', '2'],
      ['D', 'x'],
      ['B', 'y'],
      ['B', 'z'],
    ])
    assert.deepEqual(served.delivery, { delayMs: 250 })
  })

  test('refuses what is no status at load', () => {
    const chain = aChain('http_res_status', '{set: abc}')
    assert.throws(() => compile(chain, [answering('x')]), /"abc" is put for a status, and is none/)
  })

  test('is changed once, however many places there are', async () => {
    const pair = answering('[1,2,3]', { headers: [['A', '1']] })
    const chain = aChain('http_res_body', "{json_path: '$[*]'}, {header: {add: {B: '2'}}}")
    const { headers } = await serve(compile(chain, [pair]), pair)
    assert.deepEqual(headers, [
      ['A', '1'],
      ['B', '2'],
    ])
  })

  test('a delay within bounds is drawn anew', async () => {
    const pair = answering('x')
    const transforms = compile(aChain('http_res_body', '{delay: {for: 1s, upTo: 2s}}'), [pair])
    const delays = new Set<number>()
    for (let index = 0; index < 8; index += 1) {
      const delayMs = (await serve(transforms, pair)).delivery?.delayMs ?? 0
      assert.ok(delayMs >= 1000 && delayMs <= 2000)
      delays.add(delayMs)
    }
    assert.ok(delays.size > 1)
  })
})

suite('jwt_claims', () => {
  const header = b64url('{"alg":"none"}')
  const claimsAfter = async (claims: string, options: string): Promise<string> => {
    const after = await bodyAfter(`${header}.${b64url(claims)}.`, `{jwt_claims: ${options}}`)
    return Buffer.from(after.split('.')[1] ?? '', 'base64url').toString()
  }

  test('sets, deletes and merges, and leaves the spelling of the rest', async () => {
    assert.equal(
      await claimsAfter(
        '{ "a" : 1.0, "b":{"x": [1] ,"y":2}, "c":3}',
        '{set: {d: {e: "${{recorded}}"}, a: true}, delete: [c], merge: {b: {y: null, z: w}}}',
      ),
      '{ "a" : true, "b":{"x": [1],"z":"w"},"d":{"e":""}}',
    )
  })

  test('knows the recorded claim in its templates', async () => {
    assert.equal(await claimsAfter('{"a":"x"}', "{set: {a: '${{query:nope}}'}}"), '{"a":"x"}')
  })
})

suite('issuer_metadata', () => {
  test('leads the URLs of a discovery document to the replay', async () => {
    const document = {
      issuer: 'https://idp.example.com/realm',
      jwks_uri: 'https://idp.example.com/jwks',
      token_endpoint: 'http://staging.example.com/token?x',
      service_documentation: 'https://docs.example.com/',
      other: 'https://idp.example.com.evil/',
    }
    const pair = answering(JSON.stringify(document))
    const request = aRequest({ authority: 'localhost:9000' })
    const rewritten = async (options: string): Promise<unknown> => {
      const transforms = compile(aChain('http_res_body', options), [pair])
      return JSON.parse(Buffer.from((await serve(transforms, pair, request)).body).toString())
    }
    const urls = { jwks_uri: 'http://localhost:9000/jwks', token_endpoint: 'http://localhost:9000/token?x' }
    assert.deepEqual(await rewritten('issuer_metadata'), { ...document, ...urls })
    assert.deepEqual(await rewritten('{issuer_metadata: rewrite}'), {
      ...document,
      ...urls,
      issuer: 'http://localhost:9000/realm',
    })
  })
})

test('a chain with "when" changes the answer to some requests only', async () => {
  const pair = aPair({ response: { body: '{"a":"old","b":1}', headers: [['X', '1']] } })
  const when = 'when: { any: [{ query: { v: "2" } }, { header: { X-Beta: true } }] }'
  const chains =
    aChain('http_res_body', '{json_path: a}, {set: new}', when) +
    aChain('http_res_body', '{json_path: b}, delete', when) +
    aChain('{http_res_header: x}', 'delete', when) +
    aChain('http_res_body', '{status: 201}', when)
  const transforms = compile(chains, [pair])
  const answer = async (request: Parameters<typeof aRequest>[0]): Promise<readonly unknown[]> => {
    const { status, headers, body } = await serve(transforms, pair, aRequest(request))
    return [status, headers.length, Buffer.from(body).toString()]
  }
  assert.deepEqual(await answer({ target: '/?v=2' }), [201, 0, '{"a":"new"}'])
  assert.deepEqual(await answer({ headers: [['x-beta', '']] }), [201, 0, '{"a":"new"}'])
  assert.deepEqual(await answer({ target: '/?v=1' }), [200, 1, '{"a":"old","b":1}'])
})

import { gzipSync } from 'node:zlib'
import { bearer, form, get, json, parts, post, testCases, type Case, type Said } from './match-cases.ts'

const [ANN, BOB, EVE] = ['ann', 'bob', 'eve'].map((sub) => bearer({ sub, iat: 1_763_000_000 }))
const ANN_LATER = bearer({ sub: 'ann', iat: 1_764_000_000, jti: 'other' })
const [UUID, OTHER_UUID] = ['6f9619ff-8b86-4d01-b42d-00cf4fc964ff', '123e4567-e89b-42d3-a456-426614174000']
const [NONCE, OTHER_NONCE] = ['aB3dE5gH7jK9mN1pQ3', 'Zy9Xw7Vu5Ts3Rq1Po9']

/** The same question asked three times. */
const POLL = [
  [get('/n'), 'one'],
  [get('/n'), 'two'],
  [get('/n'), 'three'],
] as const
/** Two clients by turns, each with a list of its own. */
const byTurns = (first: Said, second: Said): Case['asked'] => [
  [first, 'one'],
  [second, 'one'],
  [first, 'two'],
  [first, 'three'],
  [second, 'two'],
]

const CASES: Readonly<Record<string, Case>> = {
  'parameters, members, fields and parts in any order, content codings undone, boundaries apart': {
    match: '',
    recorded: [
      [get('/q?a=1&b=2&b=1'), 'query'],
      [json('/j', '{"a":[1,"\\u00e9"],"b":null}'), 'json'],
      [form('/f', 'a=1&b=%20'), 'form'],
      [parts('/p', 'x', { a: '1', b: '{"c":1}' }), 'parts'],
    ],
    asked: [
      [get('/q?b=1&b=2&a=1'), 'query'],
      [get('/q?b=1&a=1'), 404],
      [json('/j', ' {"b" : null, "a" : [1,"é"]}'), 'json'],
      [json('/j', gzipSync('{"b":null,"a":[1,"é"]}'), ['Content-Encoding', 'gzip']), 'json'],
      [json('/j', '{"b":null,"a":[1.0,"é"]}'), 404],
      [form('/f', 'b=+&a=1'), 'form'],
      [form('/f', 'b=+&a=1&a=1'), 404],
      [parts('/p', 'another', { b: '{"c":1}', a: '1' }), 'parts'],
      [parts('/p', 'x', { a: '1', b: '{"c":2}' }), 404],
    ],
  },
  'tokens count by what they say, wherever they are': {
    match: '',
    recorded: [
      [get(`/q?t=${ANN?.[1].slice(7)}`), 'query'],
      [json('/j', `{"t":"${ANN?.[1].slice(7)}"}`), 'json'],
    ],
    asked: [
      [get(`/q?t=${ANN_LATER[1].slice(7)}`), 'query'],
      [get(`/q?t=${BOB?.[1].slice(7)}`), 404],
      [json('/j', `{"t":"${ANN_LATER[1].slice(7)}"}`), 'json'],
    ],
  },
  'session: none': {
    match: 'session: none',
    recorded: POLL,
    asked: [
      [get('/n'), 'one', 'a'],
      [get('/n'), 'two', 'b'],
      [get('/n'), 'three', 'a'],
    ],
  },
  'session: connection': {
    match: 'session: connection',
    recorded: POLL,
    asked: [
      [get('/n'), 'one', 'a'],
      [get('/n'), 'one', 'b'],
      [get('/n'), 'two', 'a'],
      [get('/n'), 'two', 'b'],
      [get('/n'), 'three', 'a'],
    ],
  },
  'session: cookie': {
    match: 'session: cookie sid',
    recorded: POLL,
    asked: byTurns(get('/n', ['Cookie', 'a=b; sid=1']), get('/n', ['Cookie', 'sid=2'])),
  },
  'session: header': {
    match: 'session: header X-Test-Id',
    recorded: POLL,
    asked: byTurns(get('/n', ['x-test-id', '1']), get('/n', ['X-Test-Id', '2'])),
  },
  'session: jwt': {
    match: 'session: jwt sub',
    recorded: POLL,
    asked: byTurns(get('/n', ANN ?? ['', '']), get('/n', BOB ?? ['', ''])),
  },
  'sequence: last': {
    match: 'sequence: last',
    recorded: POLL,
    asked: ['one', 'two', 'three', 'three'].map((answer) => [get('/n'), answer]),
  },
  'sequence: loop': {
    match: 'sequence: loop',
    recorded: POLL,
    asked: ['one', 'two', 'three', 'one'].map((answer) => [get('/n'), answer]),
  },
  'sequence: once': {
    match: 'sequence: once',
    recorded: POLL,
    asked: ['one', 'two', 'three', 404].map((answer) => [get('/n'), answer]),
  },
  'sequence: causal': {
    match: 'sequence: causal',
    recorded: [
      [get('/x'), 'before'],
      [{ ...json('/x', '{"on":true}'), method: 'PUT' }, 'put'],
      [get('/x'), 'after'],
    ],
    asked: [
      [get('/x'), 'before'],
      [get('/x'), 'before'],
      [{ ...json('/x', '{"on":true}'), method: 'PUT' }, 'put'],
      [get('/x'), 'after'],
      [get('/x'), 'after'],
    ],
  },
  'ignore: query, form, parts, json': {
    match: 'ignore: { query: [ts], form: [state], parts: [id], json: [$.requestId, "$..trace"] }',
    recorded: [
      [get('/q?ts=1&a=1'), 'query'],
      [form('/f', 'state=1&a=1'), 'form'],
      [parts('/p', 'x', { id: '1', a: '1' }), 'parts'],
      [json('/j', '{"requestId":1,"a":[{"trace":"x","b":2}]}'), 'json'],
    ],
    asked: [
      [get('/q?a=1&ts=2'), 'query'],
      [get('/q?a=2&ts=1'), 404],
      [form('/f', 'a=1&state=2'), 'form'],
      [parts('/p', 'y', { id: '2', a: '1' }), 'parts'],
      [json('/j', '{"requestId":{"x":[]},"a":[{"b":2,"trace":null}]}'), 'json'],
      [json('/j', '{"requestId":1,"a":[{"trace":"x","b":3}]}'), 404],
    ],
  },
  'ignore: slashes at the end of some paths, and methods': {
    match: 'ignore: { path: ["/items{/}", "/users/{id}{/}"], method: [get, HEAD, PATCH] }',
    recorded: [
      [get('/items/'), 'items'],
      [get('/users/1'), 'user'],
      [get('/others'), 'others'],
      [post('/items/', ''), 'new'],
    ],
    asked: [
      [get('/items'), 'items'],
      [get('/items/?a'), 404],
      [get('/users/2/'), 'user'],
      [get('/others/'), 404],
      [{ method: 'PATCH', target: '/others' }, 'others'],
      [{ method: 'DELETE', target: '/others' }, 404],
      [post('/items', ''), 'new'],
    ],
  },
  'ignore: path templates': {
    match: 'ignore: { path: ["/users/{id}/files/{name}.json"] }',
    recorded: [[get('/users/1/files/a.json'), 'file']],
    asked: [
      [get('/users/2/files/b.json'), 'file'],
      [get('/users/2/files/b.xml'), 404],
      [get('/users/2/files/b.json/more'), 404],
    ],
  },
  'ignore: kinds': {
    match: 'ignore: { kinds: [uuid, timestamp, nonce, jwt] }',
    recorded: [
      [get(`/u/${UUID}?at=2026-11-20T12:00:00Z`), 'get'],
      [form('/f', `nonce=${NONCE}`), 'form'],
      [json('/j', `{"id":"${UUID}","at":1763640000}`), 'json'],
      [get(`/t?token=${ANN?.[1].slice(7)}`), 'token'],
    ],
    asked: [
      [get(`/u/${OTHER_UUID}?at=2026-12-01T00:00:00.5%2B01:00`), 'get'],
      [get(`/u/not-a-uuid?at=2026-11-20T12:00:00Z`), 404],
      [form('/f', `nonce=${OTHER_NONCE}`), 'form'],
      [form('/f', 'nonce=short'), 404],
      [json('/j', `{"at":1763649999,"id":"${OTHER_UUID}"}`), 'json'],
      [json('/j', `{"at":12,"id":"${OTHER_UUID}"}`), 404],
      [get(`/t?token=${BOB?.[1].slice(7)}`), 'token'],
    ],
  },
  'kinds in header fields that count: behind a scheme, in a list, in a cookie': {
    match: 'headers: [authorization, x-ids, cookie]\n  subject: ignore\n  ignore: { kinds: [uuid, jwt] }',
    recorded: [
      [get('/bearer', bearer({ sub: 'ann' })), 'bearer'],
      [get('/list', ['X-Ids', `${UUID}, ${OTHER_UUID}`]), 'list'],
      [get('/cookie', ['Cookie', `theme=dark; sid=${UUID}`]), 'cookie'],
    ],
    asked: [
      [get('/bearer', bearer({ sub: 'bob' })), 'bearer'],
      [get('/bearer', ['Authorization', 'Bearer opaque']), 404],
      [get('/list', ['X-Ids', OTHER_UUID], ['X-Ids', UUID]), 'list'],
      [get('/list', ['X-Ids', OTHER_UUID]), 404],
      [get('/cookie', ['Cookie', `sid=${OTHER_UUID}; theme=dark`]), 'cookie'],
      [get('/cookie', ['Cookie', `sid=${OTHER_UUID}; theme=light`]), 404],
    ],
  },
  'headers that count, and those of them that do not after all': {
    match:
      'headers: [accept-language, x-trace]\n  rules: [{ filters: { path: /free }, ignore: { headers: [x-trace] } }]',
    recorded: [
      [get('/a', ['Accept-Language', 'de'], ['X-Trace', '1']), 'de'],
      [get('/a', ['Accept-Language', 'en'], ['X-Trace', '1']), 'en'],
      [get('/free', ['X-Trace', '1']), 'free'],
    ],
    asked: [
      [get('/a', ['X-TRACE', '1'], ['accept-language', 'en']), 'en'],
      [get('/a', ['X-Trace', '1'], ['Accept-Language', 'de']), 'de'],
      [get('/a', ['X-Trace', '2'], ['Accept-Language', 'de']), 404],
      [get('/a', ['X-Trace', '1']), 404],
      [get('/free', ['X-Trace', '2']), 'free'],
    ],
  },
  'rules for some requests': {
    match: 'rules: [{ filters: { method: GET, path: "/jobs/**" }, sequence: loop, ignore: { query: [ts] } }]',
    recorded: [
      [get('/jobs/1?ts=1'), 'job one'],
      [get('/jobs/1?ts=1'), 'job two'],
      [get('/other?ts=1'), 'other one'],
      [get('/other?ts=1'), 'other two'],
    ],
    asked: [
      [get('/jobs/1?ts=2'), 'job one'],
      [get('/jobs/1?ts=3'), 'job two'],
      [get('/jobs/1?ts=4'), 'job one'],
      [get('/other?ts=2'), 404],
      [get('/other?ts=1'), 'other one'],
      [get('/other?ts=1'), 'other two'],
      [get('/other?ts=1'), 'other two'],
    ],
  },
  'subject: prefer': { match: 'subject: prefer', ...subjects('for ann') },
  'subject: require': { match: 'subject: require', ...subjects(404) },
  'subject: ignore': {
    match: 'subject: ignore',
    recorded: subjects(404).recorded,
    asked: [
      [get('/me', EVE ?? ['', '']), 'for ann'],
      [get('/me', ANN ?? ['', '']), 'for bob'],
    ],
  },
  'miss.status': {
    match: 'miss: { status: 599 }',
    recorded: [[get('/a'), 'a']],
    asked: [
      [get('/a'), 'a'],
      [get('/b'), 599],
    ],
  },
  authorize: {
    match: 'authorize: true',
    recorded: [
      [get('/me', ANN ?? ['', '']), 'me'],
      [get('/public'), 'public'],
    ],
    asked: [
      [get('/me'), 401],
      [get('/me', ANN ?? ['', '']), 401],
      [get('/public'), 'public'],
    ],
  },
}

/** Two users were recorded; a third one asks. */
function subjects(stranger: string | number): Pick<Case, 'recorded' | 'asked'> {
  const [ann, bob, eve] = [ANN, BOB, EVE].map((one) => get('/me', one ?? ['', '']))
  if (ann === undefined || bob === undefined || eve === undefined) throw new Error('no users')
  return {
    recorded: [
      [ann, 'for ann'],
      [bob, 'for bob'],
    ],
    asked: [
      [bob, 'for bob'],
      [get('/me', ANN_LATER), 'for ann'],
      [bob, 'for bob'],
      [eve, stranger],
    ],
  }
}

testCases('by the rules of match, across sockets', CASES)

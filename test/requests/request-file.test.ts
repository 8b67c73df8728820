import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import fc from 'fast-check'
import { ResealError } from '../../src/core/errors.ts'
import { readRequests } from '../../src/requests/request-file.ts'
import { shellCommands } from '../../src/requests/shell-words.ts'

/** A request in one line a part, as tests compare it. */
function read(text: string): readonly (readonly string[])[] {
  return readRequests(Buffer.from(text), 'file').map(({ request, origin }) => [
    `${request.method} ${request.target} ${request.authority} ${origin ?? '-'}`,
    ...request.headers
      .filter(([name]) => !['Host', 'Content-Length', 'Accept'].includes(name))
      .map(([name, value]) => `${name}: ${value}`),
    Buffer.from(request.body).toString(),
  ])
}

function refused(text: string): string {
  try {
    read(text)
  } catch (error) {
    assert.ok(error instanceof ResealError && error.code === 'REQUESTS_INVALID')
    return error.message
  }
  return 'nothing was refused'
}

suite('a request as HTTP writes it', () => {
  test('is read with its fields and content, whatever ends its lines', () => {
    const lines = ['POST /a?b=1 HTTP/1.1', 'Host: h:1', 'X-A:  1', 'Content-Length: 3', '', 'abcdef']
    for (const end of ['\n', '\r\n'])
      assert.deepEqual(read(lines.join(end)), [['POST /a?b=1 h:1 -', 'X-A: 1', 'abc']])
    assert.deepEqual(read('GET /x'), [['GET /x  -', '']])
    assert.deepEqual(read('\nGET http://h/x HTTP/1.1\n'), [['GET http://h/x h http://h', '']])
  })
  test('is read without its chunks', () => {
    const head = 'POST /x HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n'
    assert.deepEqual(read(`${head}3;e=1\r\nabc\r\n2\r\nde\r\n0\r\n\r\n`)[0]?.at(-1), 'abcde')
    assert.equal(refused(`${head}zz`), 'file says it is chunked and is not')
  })
  test('is refused with the line that is wrong', () => {
    assert.equal(refused('hello'), 'file:1 does not begin with a request line')
    assert.equal(refused('GET / HTTP/1.1\nHost h'), 'file:2 is no header field')
  })
})

suite('curl command lines', () => {
  test('are read as a browser copies them', () => {
    const copied = `curl 'https://api.test/v1/items?x=1' \\
  -X 'PUT' \\
  -H 'accept-language: de' \\
  -H 'content-type: application/json' \\
  -b 'sid=1; t=2' \\
  --data-raw $'{"a":"it\\'s"}' \\
  --compressed`
    assert.deepEqual(read(copied), [
      [
        'PUT /v1/items?x=1 api.test https://api.test',
        'accept-language: de',
        'content-type: application/json',
        'Cookie: sid=1; t=2',
        '{"a":"it\'s"}',
      ],
    ])
  })
  test('are read as people write them, several in one file', () => {
    const text = `# two of them
$ curl -sS -XDELETE localhost:8080/a -o /dev/null
curl -d a=1 -d "b=$2" --data-urlencode 'c= d' http://h/form -u me:pw | jq .
curl -G http://h/q?x=1 --data-urlencode 'q=a b'
curl -I http://h/; curl --json '{"a":1}' http://h/j`
    assert.deepEqual(read(text), [
      ['DELETE /a localhost:8080 http://localhost:8080', ''],
      [
        'POST /form h http://h',
        'Authorization: Basic bWU6cHc=',
        'Content-Type: application/x-www-form-urlencoded',
        'a=1&b=$2&c=%20d',
      ],
      ['GET /q?x=1&q=a%20b h http://h', ''],
      ['HEAD / h http://h', ''],
      ['POST /j h http://h', 'Content-Type: application/json', '{"a":1}'],
    ])
  })
  test('are read with their parts', () => {
    const [request] = read(`curl -F 'a=1' -F 'j={"x":1};type=application/json' http://h/up`)
    assert.equal(request?.[0], 'POST /up h http://h')
    assert.match(request?.[1] ?? '', /^Content-Type: multipart\/form-data; boundary=/)
    assert.match(request?.[2] ?? '', /name="j"\r\nContent-Type: application\/json\r\n\r\n\{"x":1\}\r\n/)
  })
  test('that read files are refused, and no value is in the message', () => {
    assert.equal(
      refused('curl -d @secret.txt http://h'),
      'file (command 1) sends the content of a file, which is not read here',
    )
    assert.equal(refused('curl -H'), 'file (command 1) gives no value to -H')
    assert.equal(refused('curl -s'), 'file (command 1) names no URL')
    assert.equal(refused('curl ftp://h/'), 'file (command 1) has a URL that is not http or https')
  })
  test('keep every word that was quoted for a shell', () => {
    fc.assert(
      fc.property(
        fc.array(fc.string({ unit: 'grapheme', minLength: 1 }), { minLength: 1, maxLength: 5 }),
        (words) => {
          const quoted = words.map((word) => `'${word.replaceAll("'", "'\\''")}'`).join(' ')
          assert.deepEqual(shellCommands(quoted), [words])
          const double = words.map((word) => `"${word.replaceAll(/["\\$`]/g, '\\$&')}"`).join(' \\\n ')
          assert.deepEqual(shellCommands(double), [words])
        },
      ),
    )
  })
})

suite('a HAR document', () => {
  const har = (...requests: readonly object[]): string =>
    JSON.stringify({ log: { entries: requests.map((request) => ({ request })) } })
  test('is read entry by entry', () => {
    const text = har(
      {
        method: 'GET',
        url: 'https://h/a?b=1',
        headers: [
          { name: ':path', value: '/a' },
          { name: 'x', value: 'y' },
        ],
      },
      {
        method: 'POST',
        url: 'https://h/f',
        headers: [],
        postData: { mimeType: 'application/x-www-form-urlencoded', params: [{ name: 'a', value: 'b c' }] },
      },
      {
        method: 'POST',
        url: 'https://h/j',
        headers: [],
        postData: { mimeType: 'application/json', text: '{}' },
      },
    )
    assert.deepEqual(read(text), [
      ['GET /a?b=1 h https://h', 'x: y', ''],
      ['POST /f h https://h', 'Content-Type: application/x-www-form-urlencoded', 'a=b+c'],
      ['POST /j h https://h', 'Content-Type: application/json', '{}'],
    ])
  })
  test('is refused where it is none', () => {
    assert.equal(refused('{"log":{}}'), 'file is JSON without log.entries')
    assert.match(refused('{"log"'), /^file is neither HAR nor a request: /)
    assert.equal(refused(har({ method: 'GET' })), 'file (entry 1) has no method and URL')
    assert.equal(refused(har()), 'file holds no request')
  })
})

import { answered, ask, asked, ok, say, WHOLE, type CaseGroup } from '../fidelity-case.ts'

const LONG = 'x'.repeat(8192)

/** Header fields of responses. */
export const RESPONSE_HEADER_CASES: CaseGroup = {
  title: 'Header fields of responses',
  cases: [
    answered('rh-order', 'order and case', ok('ok', 'x-b: 1\r\nX-A: 2\r\nx-C: 3\r\nX-a: 4\r\n')),
    answered(
      'rh-cookies',
      'several Set-Cookie, apart',
      ok(
        'ok',
        'Set-Cookie: a=1; Path=/\r\nX: y\r\nset-cookie: b=2; Expires=Wed, 09 Jun 2027 10:18:14 GMT\r\nSet-Cookie: a=3\r\n',
      ),
    ),
    answered('rh-vary', 'several Vary', ok('ok', 'Vary: Accept\r\nvary: Origin\r\nVary: *\r\n')),
    answered(
      'rh-challenge',
      'several WWW-Authenticate',
      'HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Basic realm="a, b"\r\nWWW-Authenticate: Bearer\r\nContent-Length: 0\r\n\r\n',
    ),
    answered(
      'rh-types',
      'a second Content-Type',
      ok('ok', 'Content-Type: text/plain\r\nContent-Type: application/json\r\n'),
    ),
    answered('rh-same', 'the same field twice', ok('ok', 'X-A: 1\r\nX-A: 1\r\n')),
    answered('rh-empty', 'empty values', ok('ok', 'X-A:\r\nX-B: \r\nX-C: 1\r\n')),
    answered('rh-latin', 'latin-1 bytes in values', ok('ok', 'X-A: caf\xe9 \xff\x80\r\nX-B: \xc3\xa9\r\n')),
    answered(
      'rh-disposition',
      'latin-1 bytes in Content-Disposition',
      ok('ok', 'Content-Disposition: attachment; filename="\xe6\x97\xa5\xe9.txt"\r\n'),
    ),
    answered(
      'rh-disposition-after',
      'latin-1 bytes in Content-Disposition behind the length',
      'HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Disposition: attachment; filename="\xe9"\r\n\r\nok',
    ),
    answered('rh-names', 'unusual characters in names', ok('ok', "!#$%&'*+-.^_`|~0aZ: 1\r\n")),
    answered('rh-tabs', 'tabs and double spaces inside values', ok('ok', 'X-A: a\tb  c\r\n')),
    answered(
      'rh-date',
      'a Date, an Age and a Server of its own',
      ok('ok', 'Server: x/1\r\nDate: Mon, 01 Jan 1990 00:00:00 GMT\r\nAge: 3\r\n'),
    ),
    answered('rh-no-date', 'no Date where there is none', ok('ok')),
    answered(
      'rh-large',
      '64 KB of fields',
      ok('ok', Array.from({ length: 8 }, (_, at) => `X-${at}: ${LONG}${at}\r\n`).join('')),
    ),
    answered(
      'rh-many',
      '1,000 fields',
      ok('ok', Array.from({ length: 1000 }, (_, at) => `X-${at}: ${at}\r\n`).join('')),
    ),
    answered(
      'rh-etag',
      'validators and cache fields',
      ok(
        'ok',
        'ETag: W/"a b"\r\nLast-Modified: Mon, 01 Jan 1990 00:00:00 GMT\r\nCache-Control: no-cache\r\nExpires: 0\r\n',
      ),
    ),
    answered(
      'rh-hops',
      'hop-by-hop fields end, end-to-end ones do not',
      ok(
        'ok',
        'Connection: X-Hop\r\nX-Hop: 1\r\nKeep-Alive: timeout=9\r\nProxy-Authenticate: Basic\r\nX-End: 1\r\n',
      ),
    ),
    answered(
      'rh-forwarded',
      'Via, Forwarded and CORS fields',
      ok('ok', 'Via: 1.1 a\r\nAccess-Control-Allow-Origin: *\r\nStrict-Transport-Security: max-age=1\r\n'),
    ),
  ],
}

/** Header fields of requests. */
export const REQUEST_HEADER_CASES: CaseGroup = {
  title: 'Header fields of requests',
  cases: [
    asked(
      'qh-order',
      'order, case and repeats',
      ask('GET', '/{id}', 'x-b: 1\r\nX-A: 2\r\nX-b: 3\r\nAccept: a\r\naccept: b\r\n'),
    ),
    asked(
      'qh-cookies',
      'several Cookie, apart',
      ask('GET', '/{id}', 'Cookie: a=1\r\nX: y\r\ncookie: b=2; c="\xe9"\r\n'),
    ),
    asked('qh-empty', 'empty values', ask('GET', '/{id}', 'X-A:\r\nAccept: \r\n')),
    asked('qh-latin', 'latin-1 bytes in values', ask('GET', '/{id}', 'X-A: caf\xe9 \xff\x80 \xc3\xa9\r\n')),
    asked(
      'qh-latin-body',
      'latin-1 bytes in values, with content',
      ask('POST', '/{id}', 'X-A: \xe9\r\nContent-Length: 4\r\n', '\xe9\xff\x00a'),
    ),
    asked(
      'qh-large',
      '64 KB of fields',
      ask('GET', '/{id}', Array.from({ length: 8 }, (_, at) => `X-${at}: ${LONG}${at}\r\n`).join('')),
    ),
    asked(
      'qh-hops',
      'hop-by-hop fields end, end-to-end ones do not',
      ask(
        'GET',
        '/{id}',
        'Connection: X-Hop, keep-alive\r\nX-Hop: 1\r\nKeep-Alive: 1\r\nProxy-Authorization: Basic eDp5\r\nX-End: 1\r\nTE: trailers\r\n',
      ),
    ),
    asked(
      'qh-auth',
      'Authorization of several schemes',
      ask('GET', '/{id}', 'Authorization: Bearer a.b.c\r\nX-Api-Key: k\r\n'),
    ),
    asked(
      'qh-forwarded',
      'no X-Forwarded-* is added, those there stay',
      ask('GET', '/{id}', 'X-Forwarded-For: 1.2.3.4\r\nForwarded: for=1.2.3.4\r\n'),
    ),
    asked('qh-none', 'no Accept, User-Agent or Connection is added', ask('GET', '/{id}')),
  ],
}

/** Conditions and ranges. */
export const CONDITION_CASES: CaseGroup = {
  title: 'Conditional requests and ranges',
  cases: [
    ['If-None-Match: "a", W/"b"', 'HTTP/1.1 304 Not Modified\r\nETag: "a"\r\n\r\n'],
    ['If-Match: *', 'HTTP/1.1 412 Precondition Failed\r\nContent-Length: 0\r\n\r\n'],
    [
      'If-Modified-Since: Mon, 01 Jan 1990 00:00:00 GMT',
      ok('new', 'Last-Modified: Tue, 02 Jan 1990 00:00:00 GMT\r\n'),
    ],
    [
      'Range: bytes=2-4',
      'HTTP/1.1 206 Partial Content\r\nContent-Range: bytes 2-4/10\r\nContent-Length: 3\r\n\r\n234',
    ],
    [
      'Range: bytes=99-',
      'HTTP/1.1 416 Range Not Satisfiable\r\nContent-Range: bytes */10\r\nContent-Length: 0\r\n\r\n',
    ],
    [
      'Range: bytes=0-0,-1',
      `HTTP/1.1 206 Partial Content\r\nContent-Type: multipart/byteranges; boundary=B\r\nContent-Length: 111\r\n\r\n${'--B\r\nContent-Range: bytes 0-0/10\r\n\r\n0\r\n--B\r\nContent-Range: bytes 9-9/10\r\n\r\n9\r\n--B--\r\n'.padEnd(111, ' ')}`,
    ],
    ['If-Range: "a"\r\nRange: bytes=2-4', ok('0123456789', 'Accept-Ranges: bytes\r\n')],
  ].map(([fields = '', answer = ''], index) => ({
    id: `condition-${index}`,
    name: `${fields.replace('\r\n', ', ')} is answered ${answer.slice(9, 12)}`,
    client: [say(ask('GET', '/{id}', `${fields}\r\n`))],
    upstream: [WHOLE, say(answer)],
  })),
}

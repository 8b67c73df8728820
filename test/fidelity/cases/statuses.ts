import { answered, ask, say, WHOLE, type CaseGroup } from '../fidelity-case.ts'

const STATUSES: readonly (readonly [status: string, name: string])[] = [
  ['200 OK', '200'],
  ['201 Created', '201'],
  ['202 Accepted', '202'],
  ['203 Non-Authoritative Information', '203'],
  ['207 Multi-Status', '207'],
  ['299 Sure Thing', 'an unknown status, 299'],
  ['400 Bad Request', '400'],
  ['404 Not Found', '404'],
  ["418 I'm a teapot", '418'],
  ['429 Too Many Requests', '429'],
  ['500 Internal Server Error', '500'],
  ['503 Service Unavailable', '503'],
  ['599 Enough', 'an unknown status, 599'],
  ['999 Request Denied', 'a status that no class has, 999'],
]

/** Status lines, and responses that have no content. */
export const STATUS_CASES: CaseGroup = {
  title: 'Statuses',
  cases: [
    ...STATUSES.map(([status, name]) =>
      answered(`status-${status.slice(0, 3)}`, name, `HTTP/1.1 ${status}\r\nContent-Length: 4\r\n\r\nbody`),
    ),
    answered('status-204', '204', 'HTTP/1.1 204 No Content\r\nX-A: 1\r\n\r\n'),
    answered('status-205', '205 without content', 'HTTP/1.1 205 Reset Content\r\nContent-Length: 0\r\n\r\n'),
    answered('status-304', '304', 'HTTP/1.1 304 Not Modified\r\nETag: "a"\r\n\r\n'),
    answered(
      'status-304-length',
      '304 with the length that 200 would have had',
      'HTTP/1.1 304 Not Modified\r\nETag: "a"\r\nContent-Length: 99\r\n\r\n',
    ),
    answered('status-zero', '200 of length 0', 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n'),
    answered('reason-empty', 'an empty reason phrase', 'HTTP/1.1 200 \r\nContent-Length: 2\r\n\r\nok'),
    answered(
      'reason-own',
      'a reason phrase of its own',
      'HTTP/1.1 200 Fine, thanks\r\nContent-Length: 2\r\n\r\nok',
    ),
    answered(
      'reason-latin',
      'latin-1 bytes in the reason phrase',
      'HTTP/1.1 200 Sch\xf6n \xc3\xa9\r\nContent-Length: 2\r\n\r\nok',
    ),
    ...['Content-Length: 1234\r\n', 'Transfer-Encoding: chunked\r\n', ''].map((framing, index) => ({
      id: `head-${index}`,
      name: `HEAD with ${['a length', 'a transfer coding', 'no framing'][index]}`,
      client: [say(ask('HEAD', '/{id}'))],
      upstream: [WHOLE, say(`HTTP/1.1 200 OK\r\nX-A: 1\r\n${framing}\r\n`)],
    })),
  ],
}

const TARGETS: readonly (readonly [status: number, location: string])[] = [
  [301, 'http://elsewhere.test/a'],
  [302, '/relative?a=b#c'],
  [303, '../up'],
  [307, '//host/path'],
  [308, 'https://elsewhere.test/%2F\xe9'],
]

/** Redirects stay with the client. */
export const REDIRECT_CASES: CaseGroup = {
  title: 'Redirects',
  cases: TARGETS.map(([status, location]) =>
    answered(
      `redirect-${status}`,
      `${status} is not followed, its Location untouched`,
      `HTTP/1.1 ${status} Moved\r\nLocation: ${location}\r\nContent-Length: 0\r\n\r\n`,
    ),
  ),
}

import { ask, asked, CHUNKED, chunked, ok, say, hear, WHOLE, type CaseGroup } from '../fidelity-case.ts'

/** Request targets, byte for byte. */
export const TARGET_CASES: CaseGroup = {
  title: 'Request targets',
  cases: [
    ...(
      [
        ['an encoded slash', '/{id}/a%2Fb%2f'],
        ['plus and encoded space', '/{id}?a=+&b=%20&c=%2B'],
        ['repeated parameters', '/{id}?a=1&a=2&a=1'],
        ['empty parameters', '/{id}?a=&b&&=c&'],
        ['a question mark at the end', '/{id}?'],
        ['two question marks', '/{id}?a?b=c?'],
        ['double slashes', '//{id}//a//'],
        ['dot segments', '/{id}/../a/./b/..'],
        ['encoded dots', '/{id}/%2e%2e/a'],
        ['a percent sign alone', '/{id}/%?a=%&b=%zz'],
        ['reserved characters', "/{id}/;p=1,2!$'()*:@~"],
        ['characters that URLs forbid', '/{id}/"<>{}|\\^`'],
        ['a fragment', '/{id}#fragment'],
        ['a query of 8 KB', `/{id}?q=${'x'.repeat(8192)}`],
      ] as const
    ).map(([name, target], index) => asked(`target-${index}`, name, ask('GET', target))),
    asked('target-absolute', 'absolute form', ask('GET', 'http://upstream.test/{id}?a=b'), {
      differs: {
        why: 'a proxy sends origin form to an origin server (RFC 9112 §3.2.1)',
        request: (direct) => direct.replace('http://upstream.test', ''),
      },
    }),
    ...(
      [
        ['raw latin-1 bytes', '/{id}/caf\xe9?q=\xff'],
        ['raw UTF-8 bytes', '/{id}/\xc3\xa9?q=\xe6\x97\xa5'],
      ] as const
    ).map(([name, target], index) =>
      asked(`target-raw-${index}`, name, ask('GET', target), {
        differs: {
          why: "Node's parser takes ASCII only in a target, as RFC 3986 §2 has it, and answers 400",
          response: 400,
          request: () => '',
        },
      }),
    ),
    asked('target-asterisk', 'OPTIONS *', ask('OPTIONS', '*')),
  ],
}

/** Methods, with content and without. */
export const METHOD_CASES: CaseGroup = {
  title: 'Methods',
  cases: [
    ...[
      'POST',
      'PUT',
      'PATCH',
      'DELETE',
      'OPTIONS',
      'TRACE',
      'PROPFIND',
      'REPORT',
      'PURGE',
      'MKCOL',
      'M-SEARCH',
      'QUERY',
    ].map((method) => asked(`method-${method.toLowerCase()}`, method, ask(method, '/{id}'))),
    ...['GET', 'DELETE', 'OPTIONS', 'PROPFIND'].flatMap((method) => [
      asked(
        `body-${method.toLowerCase()}`,
        `${method} with content`,
        ask(method, '/{id}', 'Content-Length: 4\r\n', 'body'),
      ),
      asked(
        `chunks-${method.toLowerCase()}`,
        `${method} with chunked content`,
        ask(method, '/{id}', CHUNKED, chunked(['bo', 'dy'])),
      ),
    ]),
    asked('method-own', 'a method that nobody knows', ask('FROBNICATE', '/{id}'), {
      differs: {
        why: "Node's parser knows a fixed list of methods and answers 400",
        response: 400,
        request: () => '',
      },
    }),
  ],
}

/** One connection and several requests, and other versions. */
export const CONNECTION_CASES: CaseGroup = {
  title: 'Connections',
  cases: [
    {
      id: 'c-keep',
      name: 'a connection is used again',
      client: [
        say(ask('GET', '/{id}/1')),
        hear('first'),
        say(ask('GET', '/{id}/2')),
        hear('second'),
        say(ask('GET', '/{id}/3')),
      ],
      upstream: {
        '/1': [WHOLE, say(ok('first'))],
        '/2': [WHOLE, say(ok('second'))],
        '/3': [WHOLE, say(ok('third'))],
      },
    },
    {
      id: 'c-pipeline',
      name: 'pipelined requests are answered in their order',
      client: [
        say(
          ask('GET', '/{id}/1') +
            ask('POST', '/{id}/2', 'Content-Length: 3\r\n', 'hi\n') +
            ask('HEAD', '/{id}/3') +
            ask('GET', '/{id}/4'),
        ),
      ],
      upstream: {
        '/1': [WHOLE, say(ok('first'))],
        '/2': [WHOLE, say(`HTTP/1.1 200 OK\r\n${CHUNKED}\r\n${chunked(['se', 'cond'])}`)],
        '/3': [WHOLE, say('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n')],
        '/4': [WHOLE, say('HTTP/1.1 204 No Content\r\n\r\n')],
      },
    },
    asked(
      'c-close',
      'a client that wants the connection closed',
      ask('GET', '/{id}', 'Connection: close\r\n'),
    ),
    asked('c-crlf', 'an empty line before the request', `\r\n${ask('GET', '/{id}')}`),
    asked('c-http10', 'a client of HTTP/1.0', 'GET /{id} HTTP/1.0\r\nX-Case: {id}\r\n\r\n'),
    asked(
      'c-http10-body',
      'a client of HTTP/1.0 with content',
      'POST /{id} HTTP/1.0\r\nX-Case: {id}\r\nContent-Length: 4\r\n\r\nbody',
    ),
  ],
}

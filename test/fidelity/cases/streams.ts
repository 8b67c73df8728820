import {
  answered,
  ask,
  asked,
  CHUNKED,
  chunked,
  CLOSE,
  hear,
  ok,
  RESET,
  say,
  see,
  WHOLE,
  type CaseGroup,
} from '../fidelity-case.ts'

const EVENTS = 'Content-Type: text/event-stream\r\n'
const chunk = (text: string): string => `${text.length.toString(16)}\r\n${text}\r\n`
const expecting = (fields: string): string => ask('POST', '/{id}', `Expect: 100-continue\r\n${fields}`)

/** Interim responses and requests that wait for one. */
export const INTERIM_CASES: CaseGroup = {
  title: 'Interim responses',
  cases: [
    answered('i-102', '102', `HTTP/1.1 102 Processing\r\n\r\n${ok('ok')}`),
    answered(
      'i-103',
      '103 with its fields',
      `HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\nLink: </\xe9>\r\n\r\n${ok('ok')}`,
    ),
    answered(
      'i-several',
      'several, and one nobody knows',
      `HTTP/1.1 103 Early Hints\r\nX-A: 1\r\n\r\nHTTP/1.1 102 \r\n\r\nHTTP/1.1 199 Own\r\n\r\n${ok('ok')}`,
    ),
    answered('i-before', 'one that comes long before its answer', '', {
      upstream: [WHOLE, say('HTTP/1.1 103 Early Hints\r\nX-A: 1\r\n\r\n'), see('X-A: 1'), say(ok('ok'))],
    }),
    {
      id: 'i-continue',
      name: '100 asks for the content',
      client: [say(expecting('Content-Length: 4\r\n')), hear('100 Continue'), say('body')],
      upstream: [say('HTTP/1.1 100 Continue\r\n\r\n'), hear('body'), say(ok('ok'))],
    },
    {
      id: 'i-continue-chunked',
      name: '100 asks for chunked content',
      client: [say(expecting(CHUNKED)), hear('100 Continue'), say(chunked(['bo', 'dy']))],
      upstream: [say('HTTP/1.1 100 Continue\r\n\r\n'), WHOLE, say(ok('ok'))],
    },
    ...['417 Expectation Failed', '401 Unauthorized', '413 Content Too Large'].map((status) => ({
      id: `i-refused-${status.slice(0, 3)}`,
      name: `${status.slice(0, 3)} in the place of a 100`,
      client: [say(expecting('Content-Length: 4\r\n'))],
      upstream: [say(`HTTP/1.1 ${status}\r\nContent-Length: 2\r\n\r\nno`)],
    })),
    {
      id: 'i-impatient',
      name: 'a client that does not wait for its 100',
      client: [say(`${expecting('Content-Length: 4\r\n')}body`)],
      upstream: [WHOLE, say(`HTTP/1.1 100 Continue\r\n\r\n${ok('ok')}`)],
    },
    asked(
      'i-expect',
      'an expectation that nobody knows',
      ask('POST', '/{id}', 'Expect: miracles\r\nContent-Length: 4\r\n', 'body'),
    ),
  ],
}

/** Content that comes in pieces. */
export const STREAM_CASES: CaseGroup = {
  title: 'Streams',
  cases: [
    answered('s-events', 'server-sent events, piece by piece, while they come', '', {
      pieces: true,
      upstream: [
        WHOLE,
        say(`HTTP/1.1 200 OK\r\n${EVENTS}${CHUNKED}\r\n${chunk('data: 1\n\n')}`),
        see('data: 1'),
        say(chunk('id: 2\ndata: 2\n')),
        see('data: 2'),
        say(chunk('\n')),
        see('2\n\r\n1\r\n'),
        say('0\r\n\r\n'),
      ],
    }),
    answered('s-events-at-once', 'server-sent events, several pieces at once', '', {
      pieces: true,
      upstream: [
        WHOLE,
        say(`HTTP/1.1 200 OK\r\n${EVENTS}${CHUNKED}\r\n${chunked([': hi\n\n', 'data: a\n', 'data: b\n\n'])}`),
      ],
    }),
    answered('s-events-close', 'server-sent events that end with the connection', '', {
      upstream: [
        WHOLE,
        say(`HTTP/1.1 200 OK\r\n${EVENTS}Connection: close\r\n\r\ndata: 1\n\n`),
        see('data: 1'),
        say('data: 2\n\n'),
        CLOSE,
      ],
    }),
    answered('s-json', 'lines of JSON, while they come', '', {
      upstream: [
        WHOLE,
        say(`HTTP/1.1 200 OK\r\nContent-Type: application/x-ndjson\r\n${CHUNKED}\r\n${chunk('{"a":1}\n')}`),
        see('{"a":1}'),
        say(chunk('{"a":2}\n')),
        see('{"a":2}'),
        say('0\r\n\r\n'),
      ],
    }),
    answered('s-length', 'content of a length, while it comes', '', {
      upstream: [
        WHOLE,
        say('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nfirst'),
        see('first'),
        say('final'),
      ],
    }),
    answered('s-head', 'a head that comes long before its content', '', {
      upstream: [
        WHOLE,
        say('HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n'),
        see('Content-Length: 4\r\n'),
        say('body'),
      ],
    }),
    {
      id: 's-request',
      name: 'request content, while it comes',
      client: [
        say(`${ask('POST', '/{id}', CHUNKED)}${chunk('first')}`),
        see('first'),
        say(chunk('second')),
        see('second'),
        say('0\r\n\r\n'),
      ],
      upstream: [WHOLE, say(ok('ok'))],
      pieces: true,
    },
    {
      id: 's-early',
      name: 'an answer before the request is whole',
      client: [say(ask('POST', '/{id}', 'Content-Length: 10\r\n', 'first')), hear('early'), say('final')],
      upstream: [hear('first'), say(ok('early'))],
      again: [say(ask('POST', '/{id}', 'Content-Length: 10\r\n', 'firstfinal'))],
      differs: { why: 'from the replay the answer begins when the request is whole' },
    },
    {
      id: 's-duplex',
      name: 'request and answer at the same time',
      client: [
        say(`${ask('POST', '/{id}', CHUNKED)}${chunk('ping1')}`),
        hear('pong1'),
        say(chunk('ping2')),
        hear('pong2'),
        say('0\r\n\r\n'),
      ],
      upstream: [
        hear('ping1'),
        say(`HTTP/1.1 200 OK\r\n${CHUNKED}\r\n${chunk('pong1')}`),
        hear('ping2'),
        say(chunk('pong2')),
        WHOLE,
        say('0\r\n\r\n'),
      ],
      again: [say(ask('POST', '/{id}', CHUNKED, chunked(['ping1', 'ping2'])))],
      differs: { why: 'from the replay the answer begins when the request is whole' },
    },
  ],
}

/** Exchanges that do not end whole. */
export const BROKEN_CASES: CaseGroup = {
  title: 'Exchanges that break off',
  cases: [
    ...(
      [
        ['length', 'Content-Length: 99\r\n\r\nfirst'],
        ['chunked', `${CHUNKED}\r\n5\r\nfirst\r\n`],
      ] as const
    ).flatMap(([framing, text]) =>
      ([CLOSE, RESET] as const).map((how) =>
        answered(
          `x-${framing}-${how.does}`,
          `a ${how.does} in the middle of content of ${framing === 'length' ? 'a length' : 'chunks'}`,
          '',
          {
            upstream: [WHOLE, say(`HTTP/1.1 200 OK\r\n${text}`), see('first'), how],
          },
        ),
      ),
    ),
    answered('x-close-reset', 'a reset of content that ends with the connection', '', {
      upstream: [WHOLE, say('HTTP/1.1 200 OK\r\n\r\nfirst'), see('first'), RESET],
    }),
    answered('x-head-only', 'a close behind the head', '', {
      upstream: [
        WHOLE,
        say('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n'),
        see('Content-Length: 9\r\n'),
        CLOSE,
      ],
    }),
    answered('x-events', 'a reset in a stream of events', '', {
      pieces: true,
      upstream: [
        WHOLE,
        say(`HTTP/1.1 200 OK\r\n${EVENTS}${CHUNKED}\r\n${chunk('data: 1\n\n')}`),
        see('data: 1'),
        RESET,
      ],
    }),
    ...([CLOSE, RESET] as const).flatMap((how) => [
      {
        id: `x-none-${how.does}`,
        name: `a ${how.does} before the head`,
        client: [say(ask('POST', '/{id}'))],
        upstream: [WHOLE, how],
        differs: { why: 'reseal says with a 502 that there is no answer', response: 502 },
      },
      answered(`x-half-${how.does}`, `a ${how.does} in the middle of the head`, '', {
        upstream: [WHOLE, say('HTTP/1.1 200 OK\r\nContent-Le'), how],
        differs: { why: 'reseal says with a 502 that there is no answer', response: 502 },
      }),
    ]),
    {
      id: 'x-client-reset',
      name: 'a client that resets takes its upstream with it',
      client: [say(ask('GET', '/{id}')), hear('first'), RESET],
      upstream: [WHOLE, say('HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\nfirst')],
    },
    {
      id: 'x-client-close',
      name: 'a client that leaves a stream of events',
      client: [say(ask('GET', '/{id}')), hear('data: 1\n\n'), CLOSE],
      upstream: [WHOLE, say(`HTTP/1.1 200 OK\r\n${EVENTS}${CHUNKED}\r\n${chunk('data: 1\n\n')}`)],
    },
  ],
}

/** What Node's parser refuses before any code of reseal's. */
export const REFUSED_CASES: CaseGroup = {
  title: "Answers that Node's parser refuses",
  cases: (
    [
      ['fold', 'a folded field (obsolete since RFC 7230)', ok('ok', 'X-A: 1\r\n 2\r\n')],
      ['bare-lf', 'lines that end in LF alone', 'HTTP/1.1 200 OK\nContent-Length: 2\n\nok'],
      ['colon', 'white space before a colon', ok('ok', 'X-A : 1\r\n')],
      ['nul', 'NUL in a value', ok('ok', 'X-A: a\x00b\r\n')],
      [
        'lengths',
        'two lengths that differ',
        'HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nok',
      ],
      [
        'both',
        'a length beside the chunked coding',
        `HTTP/1.1 200 OK\r\nContent-Length: 2\r\n${CHUNKED}\r\n${chunked(['ok'])}`,
      ],
      ['version', 'a version that is none', 'HTTP/3.7 200 OK\r\nContent-Length: 2\r\n\r\nok'],
    ] as const
  ).map(([id, name, answer]) =>
    answered(`r-${id}`, name, answer, {
      upstream: [WHOLE, say(answer), CLOSE],
      differs: { why: "Node's parser takes it for an attack, as it may be one", response: 502 },
    }),
  ),
}

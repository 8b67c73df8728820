import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync, zstdCompressSync } from 'node:zlib'
import {
  answered,
  ask,
  asked,
  CHUNKED,
  chunked,
  CLOSE,
  ok,
  say,
  WHOLE,
  type CaseGroup,
} from '../fidelity-case.ts'

const bytes = (buffer: Uint8Array): string => Buffer.from(buffer).toString('latin1')
const TEXT = 'coded content, '.repeat(40)

/** How content is delimited. */
export const FRAMING_CASES: CaseGroup = {
  title: 'Framing',
  cases: [
    answered('f-length', 'a length', ok('0123456789')),
    answered('f-megabyte', '1 MB of a length', ok('0123456789abcdef'.repeat(65_536))),
    answered(
      'f-chunked',
      'the chunked coding, with its chunks',
      `HTTP/1.1 200 OK\r\n${CHUNKED}\r\n${chunked(['a', 'bc', 'def'])}`,
    ),
    answered(
      'f-chunked-empty',
      'the chunked coding without content',
      `HTTP/1.1 200 OK\r\n${CHUNKED}\r\n${chunked([])}`,
    ),
    answered(
      'f-chunked-large',
      '1 MB of chunks',
      `HTTP/1.1 200 OK\r\n${CHUNKED}\r\n${chunked(Array.from({ length: 64 }, () => 'x'.repeat(16_384)))}`,
    ),
    answered(
      'f-extensions',
      'chunk extensions go, chunks stay',
      `HTTP/1.1 200 OK\r\n${CHUNKED}\r\n3;a=b;c="d"\r\nabc\r\n2;e\r\nde\r\n0;f\r\n\r\n`,
    ),
    answered(
      'f-sizes',
      'chunk sizes in other spellings',
      `HTTP/1.1 200 OK\r\n${CHUNKED}\r\n000A\r\n0123456789\r\n0B\r\n0123456789a\r\n0\r\n\r\n`,
    ),
    answered(
      'f-case',
      'a transfer coding in other letters',
      `HTTP/1.1 200 OK\r\ntransfer-encoding: Chunked\r\n\r\n${chunked(['ab'])}`,
    ),
    answered(
      'f-trailers',
      'trailers of a response',
      `HTTP/1.1 200 OK\r\nTrailer: X-Sum\r\n${CHUNKED}\r\n${chunked(['ab', 'c'], 'X-Sum: 1\r\nx-sum: \xe9\r\n')}`,
    ),
    answered(
      'f-trailers-unannounced',
      'trailers that nothing announced',
      `HTTP/1.1 200 OK\r\n${CHUNKED}\r\n${chunked(['ab'], 'X-Late: 1\r\n')}`,
    ),
    answered(
      'f-close',
      'content that ends with the connection',
      'HTTP/1.1 200 OK\r\nX-A: 1\r\n\r\nuntil the end',
      { upstream: [WHOLE, say('HTTP/1.1 200 OK\r\nX-A: 1\r\n\r\nuntil the end'), CLOSE] },
    ),
    answered('f-close-empty', 'no content, ended by the connection', '', {
      upstream: [WHOLE, say('HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n'), CLOSE],
    }),
    answered('f-close-10', 'an upstream of HTTP/1.0', '', {
      upstream: [WHOLE, say('HTTP/1.0 200 OK\r\nContent-Type: text/plain\r\n\r\nold'), CLOSE],
    }),
    answered('f-close-length', 'a length, and a close behind it', '', {
      upstream: [WHOLE, say(ok('ok', 'Connection: close\r\n')), CLOSE],
    }),
    asked(
      'f-q-length',
      'request content of a length',
      ask('POST', '/{id}', 'Content-Length: 10\r\n', '0123456789'),
    ),
    asked(
      'f-q-chunked',
      'chunked request content',
      ask('POST', '/{id}', CHUNKED, chunked(['a', 'bc', 'def'])),
      { pieces: true },
    ),
    asked(
      'f-q-trailers',
      'trailers of a request',
      ask('PUT', '/{id}', `Trailer: X-Sum\r\n${CHUNKED}`, chunked(['ab'], 'x-sum: 1\r\nX-Sum: \xe9\r\n')),
    ),
    asked(
      'f-q-extensions',
      'chunk extensions of a request go',
      ask('PUT', '/{id}', CHUNKED, '2;a=b\r\nab\r\n0\r\n\r\n'),
    ),
    asked('f-q-zero', 'request content of length 0', ask('POST', '/{id}', 'Content-Length: 0\r\n')),
    asked('f-q-none', 'a POST that says nothing of content', ask('POST', '/{id}')),
    asked(
      'f-q-megabyte',
      '1 MB of request content',
      ask('POST', '/{id}', 'Content-Length: 1048576\r\n', 'x'.repeat(1_048_576)),
    ),
  ],
}

/** Content codings, and what only claims to be one. */
export const CODING_CASES: CaseGroup = {
  title: 'Content codings',
  cases: [
    ...(
      [
        ['gzip', bytes(gzipSync(TEXT))],
        ['x-gzip', bytes(gzipSync(TEXT))],
        ['deflate', bytes(deflateSync(TEXT))],
        ['deflate', bytes(deflateRawSync(TEXT))],
        ['br', bytes(brotliCompressSync(TEXT))],
        ['zstd', bytes(zstdCompressSync(TEXT))],
        ['gzip, br', bytes(brotliCompressSync(gzipSync(TEXT)))],
        ['identity', TEXT],
        ['rot13', TEXT],
      ] as const
    ).map(([coding, content], index) =>
      answered(
        `coding-${index}`,
        `${coding}${index === 3 ? ' without its wrapper' : ''}`,
        ok(content, `Content-Encoding: ${coding}\r\n`),
      ),
    ),
    answered(
      'coding-wrong',
      'a coding that the content is not in',
      ok('plain text', 'Content-Encoding: gzip\r\n'),
    ),
    answered(
      'coding-cut',
      'coded content that is cut off',
      ok(bytes(gzipSync(TEXT)).slice(0, 20), 'Content-Encoding: gzip\r\n'),
    ),
    answered(
      'coding-twice',
      'two fields of codings',
      ok(bytes(gzipSync(gzipSync(TEXT))), 'Content-Encoding: gzip\r\nContent-Encoding: gzip\r\n'),
    ),
    answered(
      'coding-chunked',
      'a coding in the chunked coding',
      `HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n${CHUNKED}\r\n${chunked([bytes(gzipSync(TEXT))])}`,
    ),
    asked(
      'coding-request',
      'a coded request',
      ask(
        'POST',
        '/{id}',
        `Content-Encoding: gzip\r\nContent-Length: ${gzipSync(TEXT).length}\r\n`,
        bytes(gzipSync(TEXT)),
      ),
    ),
  ],
}

/** Content as bytes. */
export const BYTES_CASES: CaseGroup = {
  title: 'Bytes of content',
  cases: [
    answered(
      'b-utf8',
      'UTF-8 that is none',
      ok('\xff\xfe\xc3\x28\xf0\x28\x8c\xbc', 'Content-Type: application/json; charset=utf-8\r\n'),
    ),
    answered('b-nul', 'NUL bytes', ok('a\x00b\x00\x00', 'Content-Type: text/plain\r\n')),
    answered('b-bom', 'a byte order mark', ok('\xef\xbb\xbf{"a":1}', 'Content-Type: application/json\r\n')),
    answered('b-utf16', 'UTF-16', ok('\xff\xfea\x00b\x00', 'Content-Type: text/plain; charset=utf-16\r\n')),
    answered(
      'b-json',
      'JSON as it was written',
      ok('{ "a" : 12345678901234567890.0, "\\u0061":1,\n"a":2 }  ', 'Content-Type: application/json\r\n'),
    ),
    answered(
      'b-all',
      'every byte there is',
      ok(
        Array.from({ length: 256 }, (_, at) => String.fromCharCode(at)).join(''),
        'Content-Type: image/png\r\n',
      ),
    ),
    answered(
      'b-crlf',
      'content that looks like a response',
      ok('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n'),
    ),
    asked(
      'b-multipart',
      'a multipart form',
      ask(
        'POST',
        '/{id}',
        'Content-Type: multipart/form-data; boundary="a b"\r\nContent-Length: 80\r\n',
        '--a b\r\nContent-Disposition: form-data; name="\xe9"\r\n\r\n\x00\xff\r\n--a b--\r\n'.padEnd(
          80,
          '\n',
        ),
      ),
    ),
    asked(
      'b-form',
      'an urlencoded form',
      ask(
        'POST',
        '/{id}',
        'Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 22\r\n',
        'a=1&a=2&b=%2F+%20&c&=x'.slice(0, 22),
      ),
    ),
    asked(
      'b-q-bytes',
      'every byte there is, in a request',
      ask(
        'PUT',
        '/{id}',
        'Content-Length: 256\r\n',
        Array.from({ length: 256 }, (_, at) => String.fromCharCode(at)).join(''),
      ),
    ),
  ],
}

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ResealError } from '../../src/core/errors.ts'
import { formatListenAddress, parseListenAddress } from '../../src/core/listen-address.ts'

test('an address is a host and a port, a port alone means this machine', () => {
  assert.deepEqual(parseListenAddress('0.0.0.0:8080'), { host: '0.0.0.0', port: 8080 })
  assert.deepEqual(parseListenAddress(':0'), { host: '127.0.0.1', port: 0 })
  assert.deepEqual(parseListenAddress('8080'), { host: '127.0.0.1', port: 8080 })
  assert.deepEqual(parseListenAddress('[::1]:0'), { host: '::1', port: 0 })
  assert.deepEqual(parseListenAddress('localhost:65535'), { host: 'localhost', port: 65535 })
})

test('what is not an address is a usage error that shows how to write one', () => {
  for (const text of [
    '',
    'localhost',
    '::1:80',
    '127.0.0.1:',
    '127.0.0.1:65536',
    'http://x:1',
    'a b:1',
    '-1',
    ':1:2',
  ]) {
    assert.throws(
      () => parseListenAddress(text),
      (error) =>
        error instanceof ResealError &&
        error.code === 'USAGE' &&
        error.message === `"${text}" is not an address to listen on`,
      text,
    )
  }
})

test('an IPv6 address is written with brackets', () => {
  assert.equal(formatListenAddress({ host: '::1', port: 80 }), '[::1]:80')
  assert.equal(formatListenAddress({ host: '127.0.0.1', port: 80 }), '127.0.0.1:80')
})

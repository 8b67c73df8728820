import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import { textDigest, textDigestBytes } from '../../src/match/text-digest.ts'

test('the digest of a text is that of its UTF-8, and tells units that are no characters apart', () => {
  const text = 'caf\xe9 \u{1f600}'
  assert.equal(textDigest(text), createHash('sha256').update(text, 'utf8').digest('base64url'))
  assert.equal(textDigestBytes(text), createHash('sha256').update(text, 'utf8').digest('binary'))
  const alike = ['\ud800jwt:', '\udbffjwt:', '\udc00jwt:', '\ufffdjwt:', '\xef\xbf\xbdjwt:', 'jwt:\ud800']
  assert.equal(new Set(alike.map(textDigest)).size, alike.length)
})

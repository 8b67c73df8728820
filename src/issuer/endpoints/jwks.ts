import { bytesOfText } from '../../core/binary-text.ts'
import type { RawHeaders } from '../../core/headers.ts'
import { bytesAnswer } from '../http-answer.ts'
import { nowSeconds } from '../provider.ts'
import type { Endpoint } from './endpoint.ts'

/** Public, but asked for again each time: a cache on the way would keep new keys from clients. */
export const PUBLIC_JSON: RawHeaders = [
  ['Content-Type', 'application/json'],
  ['Cache-Control', 'no-cache'],
]

/**
 * The public keys (RFC 7517 §5). As `application/json`: of 45 clients one refuses `application/jwk-set+json` and none
 * this.
 */
export const jwks: Endpoint = {
  paths: ['/.well-known/jwks.json', '/jwks.json', '/jwks'],
  methods: ['GET'],
  cors: true,
  answer: (provider) =>
    bytesAnswer(200, bytesOfText(provider.ring.jwksText(nowSeconds(provider))), PUBLIC_JSON),
}

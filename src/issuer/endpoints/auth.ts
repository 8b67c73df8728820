import type { BinaryText } from '../../core/binary-text.ts'
import { ResealError } from '../../core/errors.ts'
import type { HttpResponse } from '../../core/exchange.ts'
import { jsonOf, jsonText, scanJson } from '../../core/json.ts'
import type { EpochSeconds } from '../../core/time.ts'
import { jsonAnswer } from '../http-answer.ts'
import { readJsonBody, type JsonBody } from '../json-body.ts'
import { mintedClaims } from '../minted-claims.ts'
import { nowSeconds, type Call, type Provider } from '../provider.ts'
import { isRefusal, refusalAnswer, type Refusal } from '../refusal.ts'
import { parametersOf } from '../request-parameters.ts'
import type { Claims } from '../settings.ts'
import { changedClaims, isTamperName, longAgo, TAMPERS, withClaims, type TamperName } from '../tampers.ts'
import type { Endpoint } from './endpoint.ts'

/**
 * Mints a JWT from the JSON claims in the body, or from default claims: `{"token":"…"}`. Missing `iss`, `iat` and `exp`
 * are added, unless `raw=true`; what is given stays byte for byte.
 */
export const auth: Endpoint = {
  paths: ['/auth'],
  methods: ['POST'],
  cors: true,
  answer: async (provider, call) => {
    const options = readOptions(call.query)
    if (isRefusal(options)) return refusalAnswer(options)
    if (typeof options === 'string') return sentence(options)
    const body = readJsonBody(call.request)
    if (isRefusal(body)) return refusalAnswer(body)
    const { expired } = options
    const tamper = options.tamper ?? provider.tampers.take(call.endpoint, 'access')
    try {
      const token = await provider.minter.sign(payload(provider, call, body, options), { expired, tamper })
      return jsonAnswer(200, { token })
    } catch (error) {
      // The caller asked for a key, or a way to be wrong, that there is not.
      if (error instanceof ResealError && CALLERS_ERRORS.has(error.code)) return sentence(error.message)
      throw error
    }
  },
}

interface AuthOptions {
  readonly expired: boolean
  readonly raw: boolean
  readonly tamper: TamperName | undefined
}

const CALLERS_ERRORS: ReadonlySet<string> = new Set(['KEY_MISSING', 'KEY_UNFIT'])

/** A string is the sentence to refuse with. */
function readOptions(query: string): AuthOptions | Refusal | string {
  const parameters = parametersOf(query, { keepEmpty: true })
  if (isRefusal(parameters)) return parameters
  const [expired, raw] = ['expired', 'raw'].map((name) => parameters.get(name) ?? 'false')
  if (expired !== 'true' && expired !== 'false') return invalid('expired', "'true' or 'false'")
  if (raw !== 'true' && raw !== 'false') return invalid('raw', "'true' or 'false'")
  const tamper = parameters.get('tamper')
  if (tamper !== undefined && !isTamperName(tamper)) {
    return invalid('tamper', `one of ${Object.keys(TAMPERS).join(', ')}`)
  }
  return { expired: expired === 'true', raw: raw === 'true', tamper }
}

function invalid(name: string, choice: string): string {
  return `Invalid '${name}' query parameter. Must be ${choice}.`
}

function sentence(error: string): HttpResponse {
  return jsonAnswer(400, { error })
}

/** The payload's text: what was given, with what must be added or moved, and nothing else touched. */
function payload(
  provider: Provider,
  { issuer }: Call,
  body: JsonBody | undefined,
  { expired, raw }: AuthOptions,
): BinaryText {
  const now = nowSeconds(provider)
  const { text, values } = body ?? textOf(mintedClaims(provider, issuer))
  const object = body?.object ?? scanJson(text)
  if (object?.kind !== 'object') return text
  const added = raw ? {} : missing(values, provider, issuer, now)
  const whole = { ...values, ...added }
  const moved = expired ? changedClaims(whole, longAgo(whole, now)) : {}
  return withClaims(jsonText(text, object), { ...added, ...moved })
}

function textOf(values: Claims): { readonly text: BinaryText; readonly values: Claims } {
  return { text: jsonOf(values), values }
}

function missing(values: Claims, { settings }: Provider, issuer: string, now: EpochSeconds): Claims {
  const iat = now
  const defaults = { iss: issuer, iat, exp: now + settings.accessTokenSeconds }
  return Object.fromEntries(Object.entries(defaults).filter(([name]) => !Object.hasOwn(values, name)))
}

import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import { atOnce } from '../../../src/core/sliced.ts'
import type { HttpRequest, HttpResponse } from '../../../src/core/exchange.ts'
import type { RRPair } from '../../../src/core/pair.ts'
import { openSecrets } from '../../../src/keys/files/secrets.ts'
import {
  compileTransforms,
  type CompiledTransforms,
  type CompileEnvironment,
} from '../../../src/transform/compile.ts'
import { parseTransformDocument } from '../../../src/transform/document/document.ts'
import { secretsWith } from '../../keys/support/secrets-directory.ts'
import { aPair, type BodyInput, type PairFields, type ResponseFields } from '../../support/a-pair.ts'
import { aSource } from '../../support/a-source.ts'

/** When the pairs of these tests are served: 2026-11-25T12:00:00.400Z, five days after they were recorded. */
export const NOW = Date.UTC(2026, 10, 25, 12) + 400

/** A chain as a document writes it, from its parts in flow style. */
export function aChain(extractor: string, steps: string, more = ''): string {
  return `  - extractor: ${extractor}\n    transforms: [${steps}]\n${more === '' ? '' : `    ${more}\n`}`
}

export interface ApplyOptions extends Partial<CompileEnvironment> {
  readonly t?: TestContext
  /** Files of the secrets directory. */
  readonly files?: Readonly<Record<string, string | Uint8Array>>
}

/** Compiles chains against pairs. */
export function compile(
  responder: string,
  pairs: readonly RRPair[],
  { t, files, ...environment }: ApplyOptions = {},
): CompiledTransforms {
  const document = parseTransformDocument(`responder:\n${responder}`, 'transforms/t.yaml')
  const secrets = t === undefined || files === undefined ? openSecrets('/nonexistent') : secretsWith(t, files)
  return atOnce(compileTransforms(document, aSource(...pairs), { secrets, clock: () => NOW, ...environment }))
}

/** A recorded pair whose response has this body. */
export function answering(body: BodyInput, fields: ResponseFields = {}, more: PairFields = {}): RRPair {
  return aPair({ ...more, response: { ...fields, body } })
}

/** What a pair serves to a request; by default the one that was recorded. */
export async function serve(
  transforms: CompiledTransforms,
  pair: RRPair,
  request: HttpRequest = pair.request,
  nowMs = NOW,
): Promise<HttpResponse> {
  const changed = transforms.responses.get(pair.id)
  if (changed !== undefined) return changed.served(nowMs, request)
  assert.ok(pair.response !== undefined)
  return pair.response
}

/** The body that a body becomes under one chain, in latin-1, so that every byte shows. */
export async function bodyAfter(
  body: BodyInput,
  steps: string,
  options: ApplyOptions & { readonly headers?: ResponseFields['headers'] } = {},
): Promise<string> {
  const { headers, ...environment } = options
  const pair = answering(body, headers === undefined ? {} : { headers })
  const served = await serve(compile(aChain('http_res_body', steps), [pair], environment), pair)
  return Buffer.from(served.body).toString('latin1')
}

/** Why the steps of one chain found nothing in a body. */
export function reasonsFor(body: BodyInput, steps: string): readonly string[] {
  const { chains, responses } = compile(aChain('http_res_body', steps), [answering(body)])
  assert.equal(responses.size, 0)
  return chains.flatMap((chain) => chain.steps.flatMap(({ reasons }) => [...reasons.keys()]))
}

import { z } from 'zod'
import { textOfUtf8, type BinaryText } from '../../core/binary-text.ts'
import { stringValue, type JsonNode } from '../../core/json.ts'
import { jsonStringCodec } from '../message/codecs.ts'
import { originOf } from '../message/request-message.ts'
import { mutatorRow } from '../steps/step-row.ts'

const OPTIONS = z
  .strictObject({
    issuer: z
      .enum(['keep', 'rewrite'])
      .default('keep')
      .describe(
        'The member "issuer", which tokens carry as iss: keep it, or rewrite it with the other URLs.',
      ),
  })
  .describe(
    "Rewrites a discovery document (RFC 8414 §3, OIDC Discovery §4) so that its URLs lead to where the request came to. Only URLs of the document's own backend and issuer are.",
  )

/** `issuer_metadata`: makes the URLs of a discovery document lead to the replay. */
export const ISSUER_METADATA = mutatorRow(
  'issuer_metadata',
  OPTIONS,
  { shorthand: 'issuer' },
  ({ issuer }) => ({
    mutate: (focus, { pair }) => {
      const root = focus.json()
      if (root?.kind !== 'object' || !root.members.some(({ name }) => name === 'issuer')) {
        return { notFound: 'not a discovery document' }
      }
      const origins = ownOrigins(focus.recorded, root, pair.route.target)
      const urls = urlsIn(focus.recorded, root).filter(
        ({ name, value }) =>
          (name !== 'issuer' || issuer === 'rewrite') && origins.some((own) => isOf(value, own)),
      )
      for (const { node, value } of urls) {
        const { start, end } = node
        const codec = jsonStringCodec(focus.recorded.slice(start, end))
        const own = origins.find((origin) => isOf(value, origin)) ?? ''
        const path = textOfUtf8(value.slice(own.length))
        focus
          .inside({ path: `${focus.path} ${value}`, start, end, codec, isJson: true })
          ?.put(() => ({ changes: 'request', render: (moment) => originOf(moment.request) + path }))
      }
      return urls.length === 0 ? { notFound: 'none of its URLs is of its own backend' } : undefined
    },
  }),
)

/** Of the backend, and of the issuer that it says it is. */
function ownOrigins(text: BinaryText, root: JsonNode, target: string): readonly string[] {
  const issuer = urlsIn(text, root).find(({ name }) => name === 'issuer')?.value
  const origin = issuer !== undefined && URL.canParse(issuer) ? [new URL(issuer).origin] : []
  return [...new Set([target, ...origin])]
}

interface WrittenUrl {
  readonly name: string
  readonly value: string
  readonly node: JsonNode
}

function urlsIn(text: BinaryText, root: JsonNode): readonly WrittenUrl[] {
  if (root.kind !== 'object') return []
  return root.members.flatMap(({ name, value: node }) => {
    const value = stringValue(text, node)
    return value === undefined || !/^https?:\/\//i.test(value) ? [] : [{ name, value, node }]
  })
}

function isOf(url: string, origin: string): boolean {
  return url === origin || (url.startsWith(origin) && /^[/?#]/.test(url.slice(origin.length)))
}

import { z } from 'zod'
import { cookieItems } from '../locators/cookie-items.ts'
import { namedSpots } from '../locators/named-item.ts'
import { openSpot, type Spot } from '../locators/text-places.ts'
import type { Focus } from '../message/focus.ts'
import { requestExtractor, responseExtractor } from '../steps/step-row.ts'

const COOKIE_NAME = z
  .string()
  .regex(/^[^\s=;,]+$/, 'is not the name of a cookie')
  .describe('Name of the cookie; case counts.')
  .meta({ examples: ['session'] })

const RES_COOKIE = z
  .strictObject({
    name: COOKIE_NAME,
    attribute: z
      .exactOptional(z.string().regex(/^[A-Za-z-]+$/, 'is not the name of an attribute'))
      .describe('An attribute of the cookie instead of its value; case does not count.')
      .meta({ examples: ['Max-Age', 'Domain'] }),
  })
  .describe('The value of a cookie that the response sets, or one of its attributes (RFC 6265 §4.1).')

/** `http_res_cookie`: a cookie that the response sets. */
export const HTTP_RES_COOKIE = responseExtractor(
  'http_res_cookie',
  RES_COOKIE,
  { shorthand: 'name' },
  ({ name, attribute }) =>
    (response) => {
      const cookies = response.header('Set-Cookie').flatMap((field) => {
        const spot = cookieSpot(field, name)
        if (spot === undefined) return []
        if (attribute === undefined) return openSpot(field, spot) ?? []
        const other = spot.sibling?.(attribute)
        return (other && openSpot(field, other)) ?? []
      })
      const what = attribute === undefined ? `cookie ${name}` : `${attribute} of a cookie ${name}`
      return cookies.length === 0 ? { notFound: `no ${what}` } : cookies
    },
)

/** The cookie of this name in a `Set-Cookie` field; its attributes are its siblings, and without it the field goes. */
function cookieSpot(field: Focus, name: string): Spot | undefined {
  const [cookie, ...attributes] = cookieItems(field.recorded)
  if (cookie?.name !== name) return undefined
  const spans = attributes.map(({ span }) => span)
  return {
    label: `cookie ${name}`,
    ...cookie.value,
    remove: field.remove,
    sibling: (attribute) => {
      const index = attributes.findIndex((item) => item.name.toLowerCase() === attribute.toLowerCase())
      const found = attributes[index]
      return (
        found && {
          label: `cookie ${name} ${found.name}`,
          ...found.value,
          item: { items: [cookie.span, ...spans], index: index + 1 },
        }
      )
    },
  }
}

const REQ_COOKIE = z.strictObject({ name: COOKIE_NAME }).describe('A cookie of the request (RFC 6265 §4.2).')

/** `http_req_cookie`: a cookie of the request. */
export const HTTP_REQ_COOKIE = requestExtractor(
  'http_req_cookie',
  REQ_COOKIE,
  { shorthand: 'name' },
  ({ name }) =>
    (request) => {
      const cookies = request
        .header('Cookie')
        .flatMap((field) =>
          namedSpots(cookieItems(field.recorded), 'cookie', (other) => other === name).flatMap(
            (spot) => openSpot(field, spot) ?? [],
          ),
        )
      return cookies.length === 0 ? { notFound: `no cookie ${name} in the request` } : cookies
    },
)

import { z } from 'zod'
import { compileJsonPath } from '../json-path/json-path.ts'
import { JSON_PATH_QUERY } from '../json-path/json-path-schema.ts'
import { locatorRow } from '../steps/step-row.ts'
import { jsonNameSpot, jsonSpot } from './json-spot.ts'
import { textLocator } from './text-places.ts'

const OPTIONS = z
  .strictObject({
    path: JSON_PATH_QUERY.describe('JSON path of the values; the leading $. may be left out.').meta({
      examples: ['access_token', '$..id_token', "$['data'].tokens[*].jwt", '$.keys[?@.kid == "k1"].x5c'],
    }),
  })
  .describe(
    'Goes to values inside a JSON document. A chain whose path finds nothing leaves the response as it is.',
  )

/** `json_path`: goes to every value that a JSON path selects, each once. */
export const JSON_PATH_STEP = locatorRow(
  'json_path',
  OPTIONS,
  { shorthand: 'path', namesItself: true },
  ({ path }) => {
    const query = compileJsonPath(path)
    return textLocator((text, focus) => {
      const root = focus.json()
      if (root === undefined) return { notFound: 'not JSON' }
      const selected = query.select(root, text)
      if (selected === undefined) return { notFound: 'the document is too deep or too large for the path' }
      const nodes = [...new Map(selected.map((located) => [located.node, located])).values()]
      return query.isNames
        ? nodes.flatMap((located) => jsonNameSpot(text, located) ?? [])
        : nodes.map((located) => jsonSpot(text, located))
    }, 'the path selects nothing')
  },
)

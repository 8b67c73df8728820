import { z } from 'zod'
import { readJsonPath } from '../json-path/json-path-syntax.ts'

/** Text that is a JSON path the engine serves; a complaint knows the offending character. */
export const JSON_PATH = z.string().superRefine((path, context) => {
  const { problem } = readJsonPath(path)
  if (problem === undefined) return
  const { message, hint, offset } = problem
  context.addIssue({ code: 'custom', message, params: { hint, offset } })
})

/** `json_path`: goes to values inside a JSON document. */
export const JSON_PATH_OPTIONS = z
  .strictObject({
    path: JSON_PATH.describe('JSON path of the values; the leading $. may be left out.').meta({
      examples: ['access_token', '$..id_token', "$['data'].tokens[*].jwt"],
    }),
  })
  .describe(
    'Goes to values inside a JSON document. A chain whose path finds nothing leaves the response as it is.',
  )

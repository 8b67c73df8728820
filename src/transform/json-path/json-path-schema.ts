import { z } from 'zod'
import { readJsonPathQuery } from './json-path.ts'
import { readJsonPath, type JsonPathProblem } from './json-path-syntax.ts'

/** Text that is a JSON path; a complaint knows the offending character. */
export const JSON_PATH_QUERY = z.string().superRefine((path, context) => {
  complain(readJsonPathQuery(path).problem, context)
})

/** Text that is a JSON path without filters, for places that are known before the document is. */
export const JSON_PATH = z.string().superRefine((path, context) => {
  complain(readJsonPath(path).problem, context)
})

function complain(problem: JsonPathProblem | undefined, context: z.core.$RefinementCtx): void {
  if (problem === undefined) return
  const { message, hint, offset } = problem
  context.addIssue({ code: 'custom', message, params: { hint, offset } })
}

import { z } from 'zod'
import { patternProblem } from './pattern.ts'

/** A regular expression as a user writes it, checked when the document is read. */
export const PATTERN_TEXT = z
  .string()
  .min(1, 'must not be empty')
  .superRefine((source, context) => {
    const problem = patternProblem(source)
    if (problem === undefined) return
    context.addIssue({ code: 'custom', message: problem.message, params: { hint: problem.hint } })
  })

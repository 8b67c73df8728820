import { z } from 'zod'
import { mutatorRow } from '../steps/step-row.ts'

const OPTIONS = z
  .strictObject({})
  .describe('Takes the value out with its name: a JSON member or item, a field, a cookie, a parameter.')

/** `delete`: takes a value out of what it is in. */
export const DELETE = mutatorRow('delete', OPTIONS, {}, () => ({
  mutate: ({ remove }) => {
    if (remove === undefined) return { notFound: 'not a member, item or field that could be taken out' }
    remove()
    return undefined
  },
}))

import { z } from 'zod'
import { findJwts } from '../../core/jwt.ts'
import { locatorRow } from '../steps/step-row.ts'
import { textLocator } from './text-places.ts'

const OPTIONS = z
  .strictObject({
    what: z
      .literal('jwt')
      .describe('What to find.')
      .meta({ examples: ['jwt'] }),
  })
  .describe('Goes to every JWT in a text, wherever it stands.')

/** `find: jwt`: goes to every JWT in a text, by its JOSE header. */
export const FIND = locatorRow('find', OPTIONS, { shorthand: 'what', namesItself: true }, () =>
  textLocator(
    (text) => findJwts(text).map(({ start, end }) => ({ label: `JWT at ${start}`, start, end })),
    'no JWT in it',
  ),
)

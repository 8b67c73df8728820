import { z } from 'zod'

/** `find`: goes to everything of a kind, wherever it stands. */
export const FIND_OPTIONS = z
  .strictObject({
    what: z
      .literal('jwt')
      .describe('What to find.')
      .meta({ examples: ['jwt'] }),
  })
  .describe('Goes to every JWT in a text, wherever it stands.')

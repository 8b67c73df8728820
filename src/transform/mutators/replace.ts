import { z } from 'zod'
import { textOfUtf8, type BinaryText } from '../../core/binary-text.ts'
import { combineLive } from '../message/live.ts'
import { OWN_OPTION } from '../steps/speedscale-text.ts'
import { mutatorRow } from '../steps/step-row.ts'
import { compilePattern, type Pattern } from '../values/pattern.ts'
import { PATTERN_TEXT } from '../values/pattern-schema.ts'
import { compileTemplate } from '../values/template.ts'
import { TEMPLATE } from '../values/written-value.ts'

const OPTIONS = z
  .strictObject({
    find: z
      .exactOptional(z.string().min(1, 'must not be empty'))
      .describe('Text to look for.')
      .meta({ examples: ['staging.example.com'] }),
    regex: z
      .exactOptional(PATTERN_TEXT)
      .describe('Regular expression (RE2) to look for, instead of find.')
      .meta({ examples: ['user-([0-9]+)'] }),
    with: TEMPLATE.describe(
      'What to write for it; $1 is the first group of regex. May have ${{…}} in it.',
    ).meta({
      examples: ['localhost:8080', 'account-$1'],
    }),
  })
  .superRefine(({ find, regex }, context) => {
    if ((find === undefined) !== (regex === undefined)) return
    const params = { hint: 'Write find: TEXT or regex: PATTERN, one of the two.' }
    context.addIssue({ code: 'custom', message: 'must have either find or regex', params })
  })
  .describe('Replaces a text wherever it stands in the value.')
  .meta({ examples: [{ find: 'staging.example.com', with: 'localhost:8080' }] })

/** Speedscale replaces `old` by `new`, wherever it stands. */
const SPEEDSCALE = z
  .strictObject({
    find: z.exactOptional(z.string()).describe(OWN_OPTION),
    regex: z.exactOptional(z.string()).describe(OWN_OPTION),
    with: z.exactOptional(z.string()).describe(OWN_OPTION),
    old: z.exactOptional(z.string()).describe('Speedscale: the text to look for.'),
    new: z.exactOptional(z.string()).describe('Speedscale: what to write for it.'),
    count: z
      .exactOptional(z.union([z.literal(-1), z.literal('-1')]))
      .describe('Speedscale: how often; only everywhere is served.'),
  })
  .transform((given) => {
    const [find, written] = [given.find ?? given.old, given.with ?? given.new]
    return {
      ...(find === undefined ? {} : { find }),
      ...(given.regex === undefined ? {} : { regex: given.regex }),
      with: written ?? '',
    }
  })
  .pipe(OPTIONS)

/** `replace`: replaces a text wherever it stands in the value. */
export const REPLACE = mutatorRow('replace', OPTIONS, { config: SPEEDSCALE }, (definition, environment) => {
  const { find, regex, with: written, place } = definition
  const by = compileTemplate(written, environment, place)
  const pattern = regex === undefined ? undefined : compilePattern(regex)
  const swap = (text: BinaryText, next: BinaryText): BinaryText =>
    pattern === undefined
      ? text.replaceAll(textOfUtf8(find ?? ''), () => next)
      : replaced(text, pattern, next)
  return {
    mutate: (focus) => {
      const { recorded } = focus
      const isThere =
        pattern === undefined
          ? recorded.includes(textOfUtf8(find ?? ''))
          : pattern.matches(recorded).length > 0
      if (!isThere && !focus.touched) return { notFound: 'the text is not in it' }
      focus.put((value) => combineLive([value, by(recorded)], ([text = '', next = '']) => swap(text, next)))
      return undefined
    },
  }
})

function replaced(text: BinaryText, pattern: Pattern, by: BinaryText): BinaryText {
  let [done, result] = [0, '']
  for (const groups of pattern.matches(text)) {
    const [all] = groups
    if (all === undefined) continue
    const next = by.replaceAll(/\$(\d{1,2}|\$)/g, (reference, name: string) => {
      if (name === '$') return '$'
      const span = groups[Number(name)]
      return Number(name) < groups.length ? (span && text.slice(span.start, span.end)) || '' : reference
    })
    result += text.slice(done, all.start) + next
    done = all.end
  }
  return result + text.slice(done)
}

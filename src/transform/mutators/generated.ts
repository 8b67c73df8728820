import { z } from 'zod'
import { textOfUtf8, type BinaryText } from '../../core/binary-text.ts'
import type { Focus } from '../message/focus.ts'
import type { StepEnvironment } from '../steps/step-environment.ts'
import { mutatorRow } from '../steps/step-row.ts'
import type { Mutator } from '../steps/step.ts'
import { readRandomPattern } from '../values/random-pattern.ts'
import { seededNumbers, type SeededNumbers } from '../values/seeded.ts'
import { seededLike, seededUuid } from '../values/seeded-text.ts'

const PER = z
  .enum(['value', 'response'])
  .default('value')
  .describe(
    'value: the same recorded value always becomes the same new one. response: another one each time.',
  )

const UUID_OPTIONS = z
  .strictObject({ per: PER })
  .describe('Puts a random UUID, the same for the same recorded value.')

/** `uuid`: puts a random UUID. */
export const UUID = mutatorRow('uuid', UUID_OPTIONS, { shorthand: 'per' }, ({ per }, environment) =>
  generated('uuid', per, environment, (numbers, recorded) => {
    const uuid = seededUuid(numbers)
    return recorded === recorded.toUpperCase() && /[A-F]/.test(recorded) ? uuid.toUpperCase() : uuid
  }),
)

const RANDOM_OPTIONS = z
  .strictObject({
    pattern: z
      .exactOptional(
        z.string().refine((pattern) => readRandomPattern(pattern) !== undefined, {
          error: 'is no pattern to make text from',
          params: { hint: 'Write characters, classes and counts, such as user_[0-9]{6}.' },
        }),
      )
      .describe(
        'What to make: characters, classes and counts. Without it, digits for digits and letters for letters.',
      )
      .meta({ examples: ['user_[0-9]{6}', '[a-z]{8,12}'] }),
    per: PER,
  })
  .describe('Puts a random text, the same for the same recorded value.')

/** `random`: puts a random text of the recorded form, or of a pattern. */
export const RANDOM = mutatorRow(
  'random',
  RANDOM_OPTIONS,
  { shorthand: 'pattern', aliases: ['rand_string', 'scramble'] },
  ({ pattern, per }, environment) => {
    const make = pattern === undefined ? undefined : readRandomPattern(pattern)
    return generated('random', per, environment, (numbers, recorded) =>
      make === undefined ? seededLike(numbers, recorded) : textOfUtf8(make(numbers)),
    )
  },
)

function generated(
  word: string,
  per: 'value' | 'response',
  { seed }: StepEnvironment,
  make: (numbers: SeededNumbers, recorded: BinaryText) => BinaryText,
): Mutator {
  if (per === 'value') {
    return {
      mutate: (focus) => {
        const made = make(seededNumbers(seed, word, focus.recorded), focus.recorded)
        focus.put(() => made)
        return undefined
      },
    }
  }
  return { mutate: (focus) => putEach(focus, word, seed, make) }
}

function putEach(
  focus: Focus,
  word: string,
  seed: string,
  make: (numbers: SeededNumbers, recorded: BinaryText) => BinaryText,
): undefined {
  const numbers = seededNumbers(seed, word, focus.path, focus.recorded)
  focus.put(() => ({ changes: 'request', render: () => make(numbers, focus.recorded) }))
  return undefined
}

import { z } from 'zod'
import { renderLive, type Live, type Moment } from '../message/live.ts'
import { TRUTH } from '../steps/speedscale-text.ts'
import { mutatorRow } from '../steps/step-row.ts'

const NAME = z
  .string()
  .regex(/^[A-Za-z_][\w.-]*$/, 'is not the name of a variable')
  .describe('Name of the variable.')
  .meta({ examples: ['session'] })

const STORE_OPTIONS = z
  .strictObject({ name: NAME })
  .describe(
    'Keeps the value for the responses after this one: what a live request has, or what a response serves.',
  )

/** `var_store`: keeps a value of the request, or of the response that is served. */
export const VAR_STORE = mutatorRow(
  'var_store',
  STORE_OPTIONS,
  { shorthand: 'name', namesItself: true, sides: ['request', 'response'] },
  ({ name }, { variables }) => {
    variables.declare(name)
    return {
      meet: (recorded) => {
        variables.store(name, recorded)
        return undefined
      },
      learn: (live, _, known) => known.set(name, live),
      mutate: (focus) => {
        variables.store(name, focus.recorded)
        focus.put((value) => ({
          changes: 'request',
          render: (moment) => kept(renderLive(value, moment), name, moment),
        }))
        return undefined
      },
    }
  },
)

function kept(text: string | Promise<string>, name: string, moment: Moment): string | Promise<string> {
  if (typeof text !== 'string') return text.then((made) => kept(made, name, moment))
  moment.variables.set(name, text)
  return text
}

const LOAD_OPTIONS = z
  .strictObject({ name: NAME })
  .describe('Puts what var_store kept; until something was, what was recorded where it was first stored.')

/** `var_load`: puts what `var_store` kept. */
export const VAR_LOAD = mutatorRow(
  'var_load',
  LOAD_OPTIONS,
  { shorthand: 'name', namesItself: true },
  ({ name, place }, { variables }) => {
    variables.load(name, place)
    return {
      mutate: (focus) => {
        focus.put((value) => ({
          changes: 'request',
          render: (moment) => moment.variables.get(name) ?? renderLive(value, moment),
        }))
        return undefined
      },
    }
  },
)

const OVERWRITE = 'Whether another live value takes the place of the one before.'

const MAP_OPTIONS = z
  .strictObject({ overwrite: z.boolean().default(true).describe(OVERWRITE) })
  .describe(
    'Learns what stands for a recorded value, from a live request or from what a response serves. From then on responses have it wherever they have the recorded value, and requests that have it mean the recorded one.',
  )

/** Speedscale keeps the first value by default. */
const SPEEDSCALE_MAP = z.strictObject({ overwrite: TRUTH.default(false).describe(OVERWRITE) })

const TOO_SHORT = { notFound: 'too short to be told from other text' }

/** `map`: learns what stands for a recorded value, and swaps the two in all that passes from then on. */
export const MAP = mutatorRow(
  'map',
  MAP_OPTIONS,
  {
    sides: ['request', 'response'],
    aliases: ['smart_replace_recorded', 'train_actual', 'smart_replace', 'train'],
    config: SPEEDSCALE_MAP,
  },
  ({ overwrite }) => ({
    meet: (recorded, { learnt }) => (learnt.add(recorded) ? undefined : TOO_SHORT),
    learn: (live, recorded, variables) => variables.map(recorded, live, overwrite),
    mutate: (focus, { learnt, when, onRequest }) => {
      if (!learnt.add(focus.recorded)) return TOO_SHORT
      const made = new WeakMap<Moment, string | Promise<string>>()
      let served: Live = focus.recorded
      const render = (moment: Moment): string | Promise<string> => {
        const text = made.get(moment) ?? renderLive(served, moment)
        made.set(moment, text)
        return text
      }
      // Before any part of the response is made, since others of them may have the recorded value.
      onRequest((moment) => {
        const text = when?.(moment) === false ? focus.recorded : render(moment)
        const learn = (live: string): void => moment.variables.map(focus.recorded, live, overwrite)
        if (typeof text === 'string') learn(text)
        else
          text.then(learn, () => {
            // Whoever waits for the response is told.
          })
      })
      focus.put((value) => {
        served = value
        return { changes: 'request', render }
      })
      return undefined
    },
  }),
)

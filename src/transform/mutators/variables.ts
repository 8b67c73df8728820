import { z } from 'zod'
import { renderLive, type Moment } from '../message/live.ts'
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

const MAP_OPTIONS = z
  .strictObject({})
  .describe(
    'Learns from a live request what stands for the recorded value, and puts it wherever a response has the recorded one, from then on.',
  )

/** `map`: learns what stands for a recorded value, and puts it wherever responses have that value. */
export const MAP = mutatorRow('map', MAP_OPTIONS, { sides: ['request'] }, () => ({
  meet: (recorded, { learnt }) =>
    learnt.add(recorded) ? undefined : { notFound: 'too short to be told from other text' },
  learn: (live, recorded, variables) => variables.learn(recorded, live),
}))

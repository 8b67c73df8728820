import { ResealError } from '../core/errors.ts'
import { checkSchema } from '../transform/document/schema-complaint.ts'
import {
  REPLAY_FAULT,
  type ReplayFault,
  type ReplayFaultDefinition,
} from '../transform/document/fault-schema.ts'

export type { ReplayFault }

/**
 * A fault as it runs.
 * @throws ResealError CONFIG_INVALID for one that cannot be
 */
export function readFault(what: ReplayFault): ReplayFaultDefinition {
  const { value, complaints = [] } = { value: undefined, ...checkSchema(REPLAY_FAULT, what, 'a fault') }
  if (value !== undefined) return value
  const [complaint] = complaints
  const hint = complaint?.hint
  throw new ResealError(
    'CONFIG_INVALID',
    complaint?.message ?? 'The fault cannot be read',
    hint === undefined ? {} : { hint },
  )
}

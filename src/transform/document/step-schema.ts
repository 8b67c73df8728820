import { memberSchema } from './member-schema.ts'
import { FIND_OPTIONS } from '../steps/find-options.ts'
import { JSON_PATH_OPTIONS } from '../steps/json-path-options.ts'
import { JWKS_OPTIONS } from '../steps/jwks-options.ts'
import { JWT_CLAIM_OPTIONS } from '../steps/jwt-claim-options.ts'
import { JWT_RESIGN_OPTIONS, SPEEDSCALE_JWT_RESIGN_CONFIG } from '../steps/jwt-resign-options.ts'

/** Every step by its YAML word. A locator goes to a place, a mutator changes what is there. */
export const STEP_SCHEMAS = {
  json_path: { role: 'locator', ...memberSchema('json_path', JSON_PATH_OPTIONS, { shorthand: 'path' }) },
  jwt_claim: { role: 'locator', ...memberSchema('jwt_claim', JWT_CLAIM_OPTIONS, { shorthand: 'claim' }) },
  find: { role: 'locator', ...memberSchema('find', FIND_OPTIONS, { shorthand: 'what' }) },
  jwt_resign: {
    role: 'mutator',
    ...memberSchema('jwt_resign', JWT_RESIGN_OPTIONS, { config: SPEEDSCALE_JWT_RESIGN_CONFIG }),
  },
  jwks: { role: 'mutator', ...memberSchema('jwks', JWKS_OPTIONS) },
} as const

export type StepType = keyof typeof STEP_SCHEMAS

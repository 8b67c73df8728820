import { FIND } from '../locators/find.ts'
import { JSON_PATH_STEP } from '../locators/json-path.ts'
import { JWT_CLAIM, JWT_HEADER } from '../locators/jwt-claim.ts'
import { JWKS } from '../mutators/jwks.ts'
import { JWT_RESIGN } from '../mutators/jwt-resign.ts'

/** Every step that goes to a place, by its YAML word. */
const LOCATORS = {
  json_path: JSON_PATH_STEP,
  jwt_claim: JWT_CLAIM,
  jwt_header: JWT_HEADER,
  find: FIND,
} as const

/** Every step that changes what is at a place, by its YAML word. */
const MUTATORS = {
  jwt_resign: JWT_RESIGN,
  jwks: JWKS,
} as const

/** Every step by its YAML word. A locator goes to a place, a mutator changes what is there. */
export const STEPS = { ...LOCATORS, ...MUTATORS } as const

export type StepType = keyof typeof STEPS

import type { Secrets } from '../../keys/files/secrets.ts'
import type { SigningEnvironment } from '../tokens/resign-planner.ts'
import type { VariableBook } from '../values/variable-book.ts'

/** What the steps of a document are made with. */
export interface StepEnvironment extends SigningEnvironment {
  readonly secrets: Secrets
  /** Environment variables that `${{env_var:NAME}}` may name. */
  readonly env: Readonly<Record<string, string | undefined>>
  /** Random values are the same for the same seed. */
  readonly seed: string
  readonly variables: VariableBook
  /**
   * Reads a file of data that a step names, beside the transform document.
   * @throws ResealError TRANSFORM_INVALID when it cannot be read
   */
  readData(path: string): string
}

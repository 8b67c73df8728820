import { BYTES_CASES, CODING_CASES, FRAMING_CASES } from './cases/contents.ts'
import { CONDITION_CASES, REQUEST_HEADER_CASES, RESPONSE_HEADER_CASES } from './cases/headers.ts'
import { CONNECTION_CASES, METHOD_CASES, TARGET_CASES } from './cases/requests.ts'
import { REDIRECT_CASES, STATUS_CASES } from './cases/statuses.ts'
import { BROKEN_CASES, INTERIM_CASES, REFUSED_CASES, STREAM_CASES } from './cases/streams.ts'
import type { CaseGroup } from './fidelity-case.ts'

/** All of the matrix, as the page has it. */
export const GROUPS: readonly CaseGroup[] = [
  STATUS_CASES,
  RESPONSE_HEADER_CASES,
  REQUEST_HEADER_CASES,
  FRAMING_CASES,
  INTERIM_CASES,
  CODING_CASES,
  BYTES_CASES,
  CONDITION_CASES,
  REDIRECT_CASES,
  TARGET_CASES,
  METHOD_CASES,
  STREAM_CASES,
  CONNECTION_CASES,
  BROKEN_CASES,
  REFUSED_CASES,
]

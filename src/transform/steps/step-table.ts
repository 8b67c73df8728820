import { BASE64, BASE64URL_STEP, GZIP, JSON_STRING, URL_DECODE } from '../locators/encodings.ts'
import { FIND } from '../locators/find.ts'
import { JSON_PATH_STEP } from '../locators/json-path.ts'
import { JWT_CLAIM, JWT_HEADER } from '../locators/jwt-claim.ts'
import { HTML_FORM } from '../locators/html-form.ts'
import { NDJSON, SSE_DATA } from '../locators/lines.ts'
import { MULTIPART_FIELD } from '../locators/multipart.ts'
import { REGEX } from '../locators/regex.ts'
import { SPLIT } from '../locators/split.ts'
import { FORM_FIELD, QUERY_PARAM } from '../locators/url-parameters.ts'
import { URL_FRAGMENT, URL_SEGMENT } from '../locators/url-parts.ts'
import { XML_PATH } from '../locators/xml-path.ts'
import { CSV, ONE_OF } from '../mutators/chosen.ts'
import { DATE_SHIFT, NOW } from '../mutators/date-shift.ts'
import { DELETE } from '../mutators/delete.ts'
import { HASH, HMAC, MASK } from '../mutators/digests.ts'
import { FROM_REQUEST } from '../mutators/from-request.ts'
import { RANDOM, UUID } from '../mutators/generated.ts'
import { DELAY, HEADER, STATUS_STEP } from '../mutators/head.ts'
import { ISSUER_METADATA } from '../mutators/issuer-metadata.ts'
import { JWT_CLAIMS } from '../mutators/jwt-claims.ts'
import { REPLACE } from '../mutators/replace.ts'
import { SET, TEMPLATE_STEP } from '../mutators/set.ts'
import { MAP, VAR_LOAD, VAR_STORE } from '../mutators/variables.ts'
import { JWKS } from '../mutators/jwks.ts'
import { JWT_RESIGN } from '../mutators/jwt-resign.ts'

/** Every step that goes to a place, by its YAML word. */
export const LOCATORS = {
  json_path: JSON_PATH_STEP,
  jwt_claim: JWT_CLAIM,
  jwt_header: JWT_HEADER,
  find: FIND,
  form_field: FORM_FIELD,
  query_param: QUERY_PARAM,
  url_segment: URL_SEGMENT,
  url_fragment: URL_FRAGMENT,
  regex: REGEX,
  xml_path: XML_PATH,
  html_form: HTML_FORM,
  multipart_field: MULTIPART_FIELD,
  sse_data: SSE_DATA,
  ndjson: NDJSON,
  split: SPLIT,
  base64: BASE64,
  base64url: BASE64URL_STEP,
  gzip: GZIP,
  url_decode: URL_DECODE,
  json_string: JSON_STRING,
} as const

/** Every step that changes what is at a place, by its YAML word. */
const MUTATORS = {
  jwt_resign: JWT_RESIGN,
  jwks: JWKS,
  jwt_claims: JWT_CLAIMS,
  issuer_metadata: ISSUER_METADATA,
  set: SET,
  delete: DELETE,
  template: TEMPLATE_STEP,
  replace: REPLACE,
  date_shift: DATE_SHIFT,
  now: NOW,
  uuid: UUID,
  random: RANDOM,
  hash: HASH,
  hmac: HMAC,
  mask: MASK,
  one_of: ONE_OF,
  csv: CSV,
  var_store: VAR_STORE,
  var_load: VAR_LOAD,
  map: MAP,
  from_request: FROM_REQUEST,
  status: STATUS_STEP,
  header: HEADER,
  delay: DELAY,
} as const

/** Every step by its YAML word. A locator goes to a place, a mutator changes what is there. */
export const STEPS = { ...LOCATORS, ...MUTATORS } as const

export type StepType = keyof typeof STEPS

// Writes config/transforms.schema.json, which editors complete transform documents from. Run it after a change to an
// option; a test fails while the file is stale.
import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { transformJsonSchema } from '../src/transform/document/document-schema.ts'

const FILE = resolve(import.meta.dirname, '../config/transforms.schema.json')

writeFileSync(FILE, `${JSON.stringify(transformJsonSchema(), null, 2)}\n`)
execFileSync('oxfmt', [FILE])

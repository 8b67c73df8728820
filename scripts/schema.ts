// Writes config/transforms.schema.json, which editors complete transform documents from, and docs/transforms-reference.md.
// Run it after a change to an option; a test fails while one of them is stale.
import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { transformJsonSchema } from '../src/transform/document/document-schema.ts'
import { transformReference } from '../src/transform/document/reference.ts'

const FILE = resolve(import.meta.dirname, '../config/transforms.schema.json')

writeFileSync(FILE, `${JSON.stringify(transformJsonSchema(), null, 2)}\n`)
execFileSync('oxfmt', [FILE])
writeFileSync(resolve(import.meta.dirname, '../docs/transforms-reference.md'), transformReference())

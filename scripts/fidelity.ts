// Writes docs/fidelity.md: what of an exchange passes reseal as it is. Run it after a change to the cases or to what
// passes; a test fails while the page is stale.
import { writeFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { GROUPS } from '../test/fidelity/cases.ts'
import { fidelityPage } from '../test/fidelity/fidelity-page.ts'
import { runCases } from '../test/fidelity/run-cases.ts'
import { verdictsOf } from '../test/fidelity/verdicts.ts'

const cases = GROUPS.flatMap((group) => group.cases)
const page = fidelityPage(GROUPS, verdictsOf(cases, await runCases(cases)))
writeFileSync(resolve(import.meta.dirname, '../docs/fidelity.md'), page)

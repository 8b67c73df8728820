import { copyFileSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { styleText } from 'node:util'
import { runScenario } from './scenario.ts'

// npm run demo: the main job on loopback, told step by step. With `-- --save` what it recorded becomes the example.
const directory = mkdtempSync(join(tmpdir(), 'reseal-demo-'))
const say = (line: string): void => {
  const colour = line.includes('→ 200') ? 'green' : line.includes('→ 502') ? 'red' : undefined
  const styled =
    colour === undefined ? (/^\d\./.test(line) ? styleText('bold', line) : line) : styleText(colour, line)
  process.stdout.write(`${styled}\n`)
}

try {
  const { recorded, withoutTransforms, withTransforms, pinned } = await runScenario(directory, say)
  const expected = [recorded, withTransforms, pinned].every(({ status }) => status === 200)
  if (!expected || withoutTransforms.status !== 502) {
    say('The demo did not go as it should; see the answers above.')
    process.exitCode = 1
  } else {
    say(
      'Green: recorded once, replayed after the token had expired, accepted by a service that checks signatures.',
    )
    if (process.argv.includes('--save')) saveExample()
  }
} finally {
  rmSync(directory, { recursive: true, force: true })
}

function saveExample(): void {
  const root = join(import.meta.dirname, '../..')
  copyFileSync(join(directory, 'snapshots/demo.db'), join(root, 'snapshots/demo.db'))
  copyFileSync(join(directory, 'transforms/demo.yaml'), join(root, 'transforms/demo.yaml'))
  say('Saved as snapshots/demo.db and transforms/demo.yaml.')
}

import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const PACKAGES = ['wiremock@3.13.2', 'mountebank@2.9.1', '@mockoon/cli@9.9.0', 'talkback@4.2.0']

/**
 * Puts the rivals into a folder of their own, where they are not there yet: those from npm, and mitmproxy with what it
 * needs from Debian, unpacked and not installed. WireMock needs `java`, mitmproxy `python3`.
 */
export function installRivals(home: string): void {
  mkdirSync(home, { recursive: true })
  if (!existsSync(join(home, 'node_modules'))) {
    writeFileSync(join(home, 'package.json'), '{"private":true}')
    run(home, 'npm', ['install', '--no-audit', '--no-fund', '--ignore-scripts', ...PACKAGES])
  }
  if (existsSync(join(home, 'debian'))) return
  const archives = join(home, 'archives')
  mkdirSync(join(archives, 'partial'), { recursive: true })
  const quiet = ['-y', '-q', '--no-install-recommends', '--download-only']
  run(home, 'apt-get', ['install', ...quiet, '-o', `Dir::Cache::archives=${archives}`, 'mitmproxy'])
  for (const file of readdirSync(archives).filter((name) => name.endsWith('.deb'))) {
    run(home, 'dpkg', ['-x', join(archives, file), join(home, 'debian')])
  }
}

/** One that fails is missing from the table, and no more. */
function run(home: string, program: string, args: readonly string[]): void {
  const { status } = spawnSync(program, [...args], { cwd: home, stdio: ['ignore', 'ignore', 'inherit'] })
  if (status !== 0) process.stderr.write(`${program} ${args[0] ?? ''} failed; a rival may be missing\n`)
}

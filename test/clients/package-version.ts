import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'

const PACKAGES = resolve(import.meta.dirname, '../../node_modules')

/** The version of an installed package. */
export function packageVersion(name: string): string {
  const { version } = JSON.parse(readFileSync(resolve(PACKAGES, name, 'package.json'), 'utf8')) as {
    version: string
  }
  return version
}

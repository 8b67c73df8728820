import type { PairHead } from '../core/pair.ts'
import type { FilterDefinition } from './document/definition.ts'
import { pathGlob, textGlob, type Glob } from './glob.ts'

/** Says whether a chain is for this pair; needs no body. */
export type PairFilter = (pair: PairHead) => boolean

/** All of a chain's filters; in each, any of its values. An empty list lets everything through. */
export function compileFilters(definition: FilterDefinition): PairFilter {
  const methods = new Set(definition.method.map((method) => method.toUpperCase()))
  const paths = definition.path.map(pathGlob)
  const hosts = definition.host.map(textGlob)
  return (pair) =>
    (methods.size === 0 || methods.has(pair.request.method.toUpperCase())) &&
    (definition.status.length === 0 || definition.status.some((status) => statusFits(status, pair))) &&
    anyFits(paths, () => [pathOf(pair.request.target)]) &&
    anyFits(hosts, () => hostsOf(pair))
}

function anyFits(globs: readonly Glob[], texts: () => readonly string[]): boolean {
  if (globs.length === 0) return true
  const candidates = texts()
  return globs.some((glob) => candidates.some(glob))
}

/** A status is given whole (`200`) or as its class (`2xx`). */
function statusFits(wanted: number | string, pair: PairHead): boolean {
  const status = pair.response?.status
  if (status === undefined) return false
  return typeof wanted === 'number' ? wanted === status : wanted[0] === String(status)[0]
}

function pathOf(target: string): string {
  const path = target.replace(/^[a-z][a-z0-9+.-]*:\/\/[^/?#]*/i, '')
  return path.split(/[?#]/, 1)[0] ?? ''
}

/** The upstream's host and what the client called it, each with and without the port. */
function hostsOf(pair: PairHead): readonly string[] {
  const { host, hostname } = new URL(pair.route.target)
  return [host, hostname, pair.request.authority, pair.request.authority.replace(/:\d+$/, '')]
}

import { ResealError } from '../../core/errors.ts'
import { printable } from '../../core/printable.ts'
import type { ChainDefinition } from '../document/definition.ts'
import { checkTransformDocument } from '../document/document.ts'
import { readSourceText } from '../document/source-text.ts'
import { smartReplaceLast } from '../document/smart-replace.ts'
import { writtenChain, type WrittenMember } from '../document/written-chain.ts'
import { plainExtractor, plainFilters, plainStep } from './plain-spelling.ts'

/** A document of Speedscale in reseal's spelling. */
export interface ImportedDocument {
  readonly yaml: string
  /** Chains that were carried over. */
  readonly chains: number
  /** What could not be carried over, a sentence each. */
  readonly notes: readonly string[]
}

/**
 * Writes a document of Speedscale as reseal would: a template, one in a blueprint, or several of them.
 * @param file its name in messages and in the comment at the top
 * @throws ResealError TRANSFORM_INVALID for a text that is no JSON and no YAML, or that holds no template
 */
export function importSpeedscale(source: string, file: string): ImportedDocument {
  const { text, errors } = readSourceText(source, file)
  const [first] = errors
  if (first !== undefined) throw first
  const templates = templatesIn(text?.value)
  if (templates.length === 0) {
    throw new ResealError('TRANSFORM_INVALID', `${file} holds no transforms of Speedscale`, {
      hint: 'A template has a list "responder"; it may stand in a blueprint.',
    })
  }
  const ids = new Set<string>()
  const parts = templates.map((template) => importTemplate(template, ids))
  const chains = parts.flatMap((part) => part.chains)
  const carried = parts.reduce((sum, part) => sum + part.carried, 0)
  const notes = parts.flatMap((part) => part.notes)
  const lines = [
    `# Carried over from ${printable(file)} by: reseal transform import ${printable(file)}`,
    ...parts.flatMap((part) => part.about).map((line) => `# ${printable(line)}`),
    'version: 1',
    ...(carried === 0 ? ['responder: []', ...chains] : ['responder:', ...chains]),
    '',
  ]
  return { yaml: lines.join('\n'), chains: carried, notes }
}

type Json = Readonly<Record<string, unknown>>

/** Templates are this deep in what wraps them, at most. */
const MAX_DEPTH = 6

/** Every object that has chains, wherever it is wrapped. */
function templatesIn(value: unknown, depth = 0): readonly Json[] {
  if (depth > MAX_DEPTH) return []
  if (Array.isArray(value)) return value.flatMap((item) => templatesIn(item, depth + 1))
  if (!isMap(value)) return []
  if (Array.isArray(value['responder']) || Array.isArray(value['generator'])) return [value]
  return Object.values(value).flatMap((item) => templatesIn(item, depth + 1))
}

interface ImportedTemplate {
  /** Lines for the top of the document. */
  readonly about: readonly string[]
  /** Lines of the document. */
  readonly chains: readonly string[]
  readonly carried: number
  readonly notes: readonly string[]
}

function importTemplate(template: Json, ids: Set<string>): ImportedTemplate {
  const { responder } = template
  const members = Object.entries(template)
    .filter(([key]) => key !== 'responder')
    .map(([key, value]) => aboutMember(key, value))
  const chains = (Array.isArray(responder) ? responder : []).map((chain: unknown, index) =>
    importChain(chain, index, ids),
  )
  const notes = [...members.flatMap(({ note }) => note ?? []), ...chains.flatMap((chain) => chain.notes)]
  return {
    about: members.flatMap(({ about, note }) => about ?? note ?? []),
    chains: chains.flatMap(({ lines }) => lines),
    carried: chains.filter(({ carried }) => carried).length,
    notes,
  }
}

/** What is said of a member of a template besides its responder: what it is, or why it is not carried over. */
function aboutMember(key: string, value: unknown): { readonly about?: string; readonly note?: string } {
  const names = namesIn(value)
  if (isEmpty(value) || key === '$schema' || key === 'version') return {}
  if (key === 'id' || key === 'name' || key === 'description') return { about: `${key}: ${shown(value)}` }
  if (key === 'tags') return { about: `tags: ${isMap(value) ? pairsOf(value) : shown(value)}` }
  if (key === 'generator') {
    const many = Array.isArray(value) ? value.length : 1
    const chains = `${many} chain${many === 1 ? '' : 's'}`
    return {
      note: `generator is not carried over (${chains}): requests are those of the service under test.`,
    }
  }
  if (key.endsWith('Variables')) {
    return {
      note: `${key} is not carried over (${names}): store a variable with var_store, or write \${{env_var:NAME}} where it stands.`,
    }
  }
  if (key.endsWith('ExpectedEnvironment')) {
    return { about: `${key}: reseal reads ${names} where \${{env_var:NAME}} names it.` }
  }
  return { note: `"${key}" is not carried over.` }
}

function isEmpty(value: unknown): boolean {
  return value === null || value === '' || (typeof value === 'object' && Object.keys(value).length === 0)
}

/** Names only: the values may be secrets. */
function namesIn(value: unknown): string {
  const names = Array.isArray(value)
    ? value.map((item: unknown) => (isMap(item) ? (item['name'] ?? item['key'] ?? item['id']) : item))
    : isMap(value)
      ? Object.keys(value)
      : []
  return names.filter((name) => typeof name === 'string').join(', ')
}

function pairsOf(value: Json): string {
  return Object.entries(value)
    .map(([key, tag]) => `${key}=${shown(tag)}`)
    .join(', ')
}

function shown(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value)
}

interface ImportedChain {
  readonly lines: readonly string[]
  readonly carried: boolean
  readonly notes: readonly string[]
}

/** Keys of a chain that say something of it and change nothing. */
const SAID = ['name', 'description', 'comment'] as const

/** Where Speedscale mounts secrets; reseal takes paths from its secrets directory. */
const SECRETS = '"/home/speedscale/secret/'

function withOwnPaths(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value).replaceAll(SECRETS, '"'))
}

function importChain(chain: unknown, index: number, ids: Set<string>): ImportedChain {
  if (!isMap(chain)) return leftOut(`chain-${index + 1}`, chain, [`A chain must be a map.`])
  const id = uniqueId(chain['id'] ?? chain['name'] ?? `chain-${index + 1}`, ids)
  const said = SAID.flatMap((key) => (typeof chain[key] === 'string' ? [chain[key]] : []))
  const isOff = chain['disabled'] === true || chain['enabled'] === false
  const known = { filters: chain['filters'], extractor: chain['extractor'], transforms: chain['transforms'] }
  const given = Object.fromEntries(
    Object.entries(known)
      .filter(([, value]) => value !== undefined && value !== null)
      .map(([key, value]) => [key, withOwnPaths(value)]),
  )
  const source = JSON.stringify({ responder: [{ id, ...given }] })
  const { document, errors } = checkTransformDocument(source, id)
  const reasons = errors.map(({ message, hint }) =>
    [message, hint].filter((part) => part !== undefined).join('. '),
  )
  const [definition] = document?.responder ?? []
  if (isOff) return leftOut(id, chain, ['It is switched off.'])
  if (definition === undefined) return leftOut(id, chain, reasons)
  const unknown = Object.keys(chain).filter((key) => !CHAIN_KEYS.has(key))
  const notes = unknown.map((key) => `"${key}" of ${id} is not carried over.`)
  return { lines: writtenChain(writtenAs(definition, given), [...said, ...notes]), carried: true, notes }
}

const CHAIN_KEYS: ReadonlySet<string> = new Set([
  'id',
  'filters',
  'extractor',
  'transforms',
  'disabled',
  'enabled',
  ...SAID,
])

function writtenAs(
  { id, filters, extractor, steps }: ChainDefinition,
  chain: Json,
): Parameters<typeof writtenChain>[0] {
  const listed: readonly unknown[] = Array.isArray(chain['transforms']) ? chain['transforms'] : []
  const written = smartReplaceLast(listed, (step) => step)
  return {
    id,
    filters: plainFilters(filters),
    extractor: plainExtractor(extractor, configOf(chain['extractor'])) ?? asWritten(chain['extractor']),
    steps: steps.map((step, index) => plainStep(step, configOf(written[index])) ?? asWritten(written[index])),
  }
}

/** Speedscale's own spelling, which reseal reads too. */
function asWritten(member: unknown): WrittenMember {
  return typeof member === 'string' || isMap(member) ? member : String(member)
}

function configOf(member: unknown): unknown {
  return isMap(member) ? member['config'] : undefined
}

function uniqueId(wanted: unknown, ids: Set<string>): string {
  const plain = typeof wanted === 'string' && wanted !== '' ? wanted : 'chain'
  let id = plain
  for (let number = 2; ids.has(id); number += 1) id = `${plain}-${number}`
  ids.add(id)
  return id
}

/** The chain as it was, as a comment, with the reasons above it. */
function leftOut(id: string, chain: unknown, reasons: readonly string[]): ImportedChain {
  const notes = reasons.map((reason) => `${id} is not carried over: ${reason}`)
  return {
    lines: [
      ...notes.map((note) => `  # ${printable(note)}`),
      ...JSON.stringify(chain)
        .split('\n')
        .map((line) => `  #   ${printable(line)}`),
    ],
    carried: false,
    notes,
  }
}

function isMap(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** A path to elements of an XML document: the part of XPath 1.0 that names places. */
export interface XmlPath {
  readonly steps: readonly XmlStep[]
  /** Meant is this attribute of the elements. */
  readonly attribute: string | undefined
}

export interface XmlStep {
  /** `//`: at any depth. */
  readonly deep: boolean
  /** `*` for any. */
  readonly name: string
  readonly predicates: readonly XmlPredicate[]
}

export type XmlPredicate =
  | { readonly kind: 'position'; readonly position: number }
  | { readonly kind: 'last' }
  | { readonly kind: 'attribute'; readonly name: string; readonly value: string | undefined }

export interface XmlPathProblem {
  readonly offset: number
  readonly message: string
  readonly hint: string
}

export type XmlPathReading =
  | { readonly path: XmlPath; readonly problem?: undefined }
  | { readonly path?: undefined; readonly problem: XmlPathProblem }

const STEP = /(\/\/?)(?:@([\w:.-]+)|([\w:.-]+|\*)((?:\[[^\]]*\])*)(\/text\(\)$)?)/y
const PREDICATE = /\[\s*(?:(\d+)|(last\(\))|@([\w:.-]+)(?:\s*=\s*(?:"([^"]*)"|'([^']*)'))?)\s*\]/y

/** Reads a path; a last `text()` means the same as without it. */
export function readXmlPath(text: string): XmlPathReading {
  const steps: XmlStep[] = []
  let at = 0
  while (at < text.length) {
    STEP.lastIndex = at
    const found = STEP.exec(text)
    if (found === null) return problemAt(at, 'is no path from here on')
    const [all, slashes, attribute, name, brackets = ''] = found
    const end = at + all.length
    if (attribute !== undefined) {
      if (end < text.length || steps.length === 0 || slashes === '//') {
        return problemAt(at, 'has an attribute that is not the last step of an element')
      }
      return { path: { steps, attribute } }
    }
    const predicates = readPredicates(brackets)
    if (predicates === undefined)
      return problemAt(at + all.indexOf('['), 'has a condition that is not served')
    steps.push({ deep: slashes === '//', name: name ?? '*', predicates })
    at = end
  }
  return steps.length === 0 ? problemAt(0, 'is empty') : { path: { steps, attribute: undefined } }
}

function readPredicates(text: string): readonly XmlPredicate[] | undefined {
  const predicates: XmlPredicate[] = []
  let at = 0
  while (at < text.length) {
    PREDICATE.lastIndex = at
    const found = PREDICATE.exec(text)
    if (found === null) return undefined
    const [all, position, last, name, double, single] = found
    if (position !== undefined) predicates.push({ kind: 'position', position: Number(position) })
    else if (last !== undefined) predicates.push({ kind: 'last' })
    else predicates.push({ kind: 'attribute', name: name ?? '', value: double ?? single })
    at += all.length
  }
  return predicates
}

function problemAt(offset: number, message: string): XmlPathReading {
  const hint =
    'Write a path such as /order/items/item[1]/@id or //token; [1], [last()] and [@x="y"] are served.'
  return { problem: { offset: Math.max(0, offset), message, hint } }
}

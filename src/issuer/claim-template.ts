import type { Claims, ClaimTemplate } from './settings.ts'

/** A {@link ClaimTemplate} made ready to be filled, with the values that its placeholders name. */
export type FillClaims = (values: Claims) => Claims

/** Reads a template once; parts without placeholders are shared by every token. */
export function compileTemplate(template: ClaimTemplate): FillClaims {
  const fill = compile(template)
  return typeof fill === 'function' ? (values) => ({ ...objectOf(fill(values)) }) : () => template
}

type Fill = (values: Claims) => unknown

const PLACEHOLDER = /\$\{([^{}$]+)\}/g
const ONLY_PLACEHOLDER = /^\$\{([^{}$]+)\}$/

/** A function where something is to be filled, else undefined: the template stands as it is. */
function compile(template: unknown): Fill | undefined {
  if (typeof template === 'string') return compileText(template)
  if (typeof template !== 'object' || template === null) return undefined
  const members = Object.entries(template).map(([name, value]) => ({ name, value, fill: compile(value) }))
  if (members.every(({ fill }) => fill === undefined)) return undefined
  if (Array.isArray(template)) {
    return (values) =>
      members
        .map(({ value, fill }) => (fill === undefined ? value : fill(values)))
        .filter((item) => item !== undefined)
  }
  return (values) =>
    Object.fromEntries(
      members
        .map(({ name, value, fill }) => [name, fill === undefined ? value : fill(values)] as const)
        .filter(([, value]) => value !== undefined),
    )
}

function compileText(text: string): Fill | undefined {
  const only = ONLY_PLACEHOLDER.exec(text)?.[1]
  if (only !== undefined) return (values) => valueNamed(values, only)
  if (!text.includes('${')) return undefined
  return (values) =>
    text.replaceAll(PLACEHOLDER, (_, name: string) => {
      const value = valueNamed(values, name) ?? ''
      return typeof value === 'string' ? value : JSON.stringify(value)
    })
}

function valueNamed(values: Claims, name: string): unknown {
  return Object.hasOwn(values, name) ? values[name] : undefined
}

function objectOf(value: unknown): object {
  return typeof value === 'object' && value !== null ? value : {}
}

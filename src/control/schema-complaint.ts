import type { z } from 'zod'

/**
 * What a schema has against a value, as one sentence. It names places, types and known words, and never the value,
 * which may be a password.
 * @param what the value, such as `The content`
 */
export function schemaComplaint(what: string, { issues }: z.ZodError): string {
  const complaints = issues.slice(0, MOST_COMPLAINTS).map((issue) => `${placeOf(issue)}${complaintOf(issue)}`)
  const more = issues.length - complaints.length
  return `${what} does not fit: ${complaints.join('; ')}${more > 0 ? `; and ${more} more` : ''}.`
}

const MOST_COMPLAINTS = 5
const MOST_CHARACTERS = 60

function placeOf({ path }: z.core.$ZodIssue): string {
  return path.length === 0 ? '' : `${shortened(path.map(String).join('.'))} `
}

function complaintOf(issue: z.core.$ZodIssue): string {
  switch (issue.code) {
    case 'unrecognized_keys':
      return `has unknown members: ${issue.keys.slice(0, MOST_COMPLAINTS).map(shortened).join(', ')}`
    case 'invalid_type':
      return `must be ${article(issue.expected)}`
    case 'invalid_value':
      return `must be one of ${issue.values.map(String).join(', ')}`
    case 'too_small':
      return `must be ${amount(issue.origin)}${issue.inclusive === false ? 'more than' : 'at least'} ${issue.minimum}`
    case 'too_big':
      return `must be ${amount(issue.origin)}${issue.inclusive === false ? 'less than' : 'at most'} ${issue.maximum}`
    case 'invalid_union':
      return 'options' in issue && issue.options !== undefined
        ? `must be one of ${issue.options.map(String).join(', ')}`
        : 'must have another form'
    case 'custom':
    case 'invalid_format':
    case 'not_multiple_of':
    case 'invalid_key':
    case 'invalid_element':
      return issue.message
    default:
      return 'cannot be so'
  }
}

function amount(origin: string): string {
  return origin === 'string' || origin === 'array' ? 'as long as ' : ''
}

function article(type: string): string {
  const word = TYPES[type] ?? type
  return `${/^[aeiou]/.test(word) ? 'an' : 'a'} ${word}`
}

const TYPES: Readonly<Record<string, string>> = { int: 'whole number', record: 'object', array: 'list' }

function shortened(text: string): string {
  return JSON.stringify(text.length > MOST_CHARACTERS ? `${text.slice(0, MOST_CHARACTERS)}…` : text)
}

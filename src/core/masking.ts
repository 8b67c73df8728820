const SECRET_NAME =
  /token|secret|password|passwd|assertion|authorization|api[-_]?key|cookie|session|signature|^code$/i
const LOOKS_SECRET = /ey[A-Za-z0-9_-]{10,}\.|jwt:[A-Za-z0-9_-]{20,}/

/** What stands in a message for a value that may be a secret. */
export const MASK = '(masked)'

/** A value as reports and logs may show it: masked when its name or its look says that it may be a secret. */
export function maskedValue(name: string, value: string): string {
  return SECRET_NAME.test(name) || LOOKS_SECRET.test(value) ? MASK : value
}

/** A request target as reports and logs may show it. */
export function maskedTarget(target: string): string {
  const mark = target.indexOf('?')
  const path = (mark === -1 ? target : target.slice(0, mark))
    .split('/')
    .map((segment) => maskedValue('', segment))
    .join('/')
  if (mark === -1) return path
  const query = target
    .slice(mark + 1)
    .split('&')
    .map((part) => {
      const [name = '', ...value] = part.split('=')
      return value.length === 0 ? part : `${name}=${maskedValue(name, value.join('='))}`
    })
  return `${path}?${query.join('&')}`
}

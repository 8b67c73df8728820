import type { RawHeaders } from '../core/headers.ts'
import { invalid, requestTo, urlOf, type FiledRequest } from './filed-request.ts'
import { shellCommands, type CommandWords } from './shell-words.ts'

/**
 * The requests of curl command lines, as browsers copy them and people write them. Files that a command would read
 * (`-d @file`) are not read.
 * @throws ResealError REQUESTS_INVALID
 */
export function curlRequests(bytes: Uint8Array, name: string): readonly FiledRequest[] {
  return shellCommands(Buffer.from(bytes).toString('utf8'))
    .map((words) => (words[0] === '$' ? words.slice(1) : words))
    .filter(([program = '']) => /(?:^|[/\\])curl(?:\.exe)?$/.test(program))
    .map((words, index) => curlRequest(words.slice(1), `${name} (command ${index + 1})`))
}

/** What options have said so far. */
interface Said {
  method: string | undefined
  url: string | undefined
  readonly headers: (readonly [string, string])[]
  readonly data: string[]
  readonly query: string[]
  readonly parts: string[]
  head: boolean
  get: boolean
  json: boolean
}

/** What an option does with its value; the names are curl's. */
const OPTIONS: Readonly<Record<string, (said: Said, value: string, where: string) => void>> = {
  request: (said, value) => void (said.method = value),
  url: (said, value) => void (said.url = value),
  header: (said, value) => void said.headers.push(headerOf(value)),
  data: (said, value, where) => void said.data.push(ofNoFile(value, where)),
  'data-ascii': (said, value, where) => void said.data.push(ofNoFile(value, where)),
  'data-binary': (said, value, where) => void said.data.push(ofNoFile(value, where)),
  'data-raw': (said, value) => void said.data.push(value),
  'data-urlencode': (said, value, where) => void said.data.push(encodedData(value, where)),
  'url-query': (said, value, where) => void said.query.push(encodedData(value, where)),
  json(said, value, where) {
    said.json = true
    said.data.push(ofNoFile(value, where))
  },
  form: (said, value, where) => void said.parts.push(partOf(value, where)),
  'form-string': (said, value) => void said.parts.push(partText(value)),
  user: (said, value) =>
    void said.headers.push(['Authorization', `Basic ${Buffer.from(value).toString('base64')}`]),
  'oauth2-bearer': (said, value) => void said.headers.push(['Authorization', `Bearer ${value}`]),
  cookie: (said, value) => void said.headers.push(['Cookie', value]),
  'user-agent': (said, value) => void said.headers.push(['User-Agent', value]),
  referer: (said, value) => void said.headers.push(['Referer', value]),
}

const SHORT: Readonly<Record<string, string>> = {
  X: 'request',
  H: 'header',
  d: 'data',
  F: 'form',
  u: 'user',
  b: 'cookie',
  A: 'user-agent',
  e: 'referer',
}

/** Options with a value that says nothing of the request. */
const SILENT: ReadonlySet<string> = new Set(
  'o w m x E K T c D r C U Y y z t Q output write-out max-time connect-timeout proxy cert key cacert capath config cookie-jar dump-header retry retry-delay retry-max-time resolve connect-to interface limit-rate proxy-user max-redirs proto ciphers tls-max unix-socket'.split(
    ' ',
  ),
)

function curlRequest(words: CommandWords, where: string): FiledRequest {
  const said: Said = {
    method: undefined,
    url: undefined,
    headers: [],
    data: [],
    query: [],
    parts: [],
    head: false,
    get: false,
    json: false,
  }
  let next = 0
  const value = (option: string): string => {
    const given = words[next]
    next += 1
    if (given === undefined) throw invalid(where, `gives no value to ${option}`)
    return given
  }
  while (next < words.length) {
    const word = words[next] ?? ''
    next += 1
    if (word.startsWith('--')) longOption(word.slice(2), said, value, where)
    else if (word.startsWith('-') && word.length > 1) shortOptions(word.slice(1), said, value, where)
    else said.url ??= word
  }
  return whole(said, where)
}

function longOption(name: string, said: Said, value: (option: string) => string, where: string): void {
  if (name === 'get') said.get = true
  else if (name === 'head') said.head = true
  else if (SILENT.has(name)) value(`--${name}`)
  else OPTIONS[name]?.(said, value(`--${name}`), where)
}

/** `-sSX POST`, `-XPOST`: flags, and at last an option with its value behind it or in the next word. */
function shortOptions(letters: string, said: Said, value: (option: string) => string, where: string): void {
  for (const [index, letter] of letters.split('').entries()) {
    const name = SHORT[letter]
    if (letter === 'G') said.get = true
    else if (letter === 'I') said.head = true
    else if (name !== undefined || SILENT.has(letter)) {
      const rest = letters.slice(index + 1)
      const given = rest === '' ? value(`-${letter}`) : rest
      if (name !== undefined) OPTIONS[name]?.(said, given, where)
      return
    }
  }
}

function whole(said: Said, where: string): FiledRequest {
  if (said.url === undefined) throw invalid(where, 'names no URL')
  const url = urlOf(said.url, where)
  const data = said.data.join('&')
  const query = [...said.query, ...(said.get && data !== '' ? [data] : [])]
  if (query.length > 0) url.search = [url.search.slice(1), ...query].filter((part) => part !== '').join('&')
  const multipart = said.parts.length > 0
  const body = multipart
    ? `${said.parts.map((part) => `--${BOUNDARY}\r\n${part}\r\n`).join('')}--${BOUNDARY}--\r\n`
    : data
  const content = said.get ? '' : body
  const sends = content !== '' || (said.data.length > 0 && !said.get)
  return requestTo({
    method: said.method ?? (said.head ? 'HEAD' : sends ? 'POST' : 'GET'),
    url,
    headers: withDefaults(said, multipart, sends),
    body: Buffer.from(content),
  })
}

const BOUNDARY = '------------------------reseal'

/** What curl adds of itself and matching may look at. */
function withDefaults({ headers, json }: Said, multipart: boolean, sends: boolean): RawHeaders {
  const has = (name: string): boolean => headers.some(([header]) => header.toLowerCase() === name)
  const form = json ? 'application/json' : 'application/x-www-form-urlencoded'
  const type = multipart ? `multipart/form-data; boundary=${BOUNDARY}` : form
  return [
    ...headers.filter(([, value]) => value !== ''),
    ...(has('accept') ? [] : [['Accept', json ? 'application/json' : '*/*'] as const]),
    ...(sends && !has('content-type') ? [['Content-Type', type] as const] : []),
  ]
}

function headerOf(text: string): readonly [string, string] {
  const colon = text.indexOf(':')
  return colon === -1 ? [text.replace(/;$/, ''), ''] : [text.slice(0, colon), text.slice(colon + 1).trim()]
}

function ofNoFile(value: string, where: string): string {
  if (!value.startsWith('@')) return value
  throw invalid(
    where,
    'sends the content of a file, which is not read here',
    'Write the content itself behind --data-raw.',
  )
}

/** `content`, `=content`, `name=content`. */
function encodedData(value: string, where: string): string {
  const equals = value.indexOf('=')
  if (equals === -1) return encodeURIComponent(ofNoFile(value, where))
  const name = equals === 0 ? '' : `${value.slice(0, equals)}=`
  return name + encodeURIComponent(value.slice(equals + 1))
}

function partOf(value: string, where: string): string {
  const content = value.slice(value.indexOf('=') + 1)
  if (content.startsWith('<')) ofNoFile('@', where)
  ofNoFile(content, where)
  const [, text = content, type] = /^([^]*?);type=([^;]+)$/.exec(content) ?? []
  return partText(`${value.slice(0, value.indexOf('='))}=${text}`, type)
}

function partText(value: string, type?: string): string {
  const equals = value.indexOf('=')
  const typeLine = type === undefined ? '' : `\r\nContent-Type: ${type}`
  return `Content-Disposition: form-data; name="${value.slice(0, equals)}"${typeLine}\r\n\r\n${value.slice(equals + 1)}`
}

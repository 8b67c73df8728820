/** The words of one command. */
export type CommandWords = readonly string[]

/**
 * Takes shell text apart into commands and their words: quotes, `$'…'`, backslashes, comments, and lines that go on.
 * Nothing is expanded, and what comes behind `|`, `>` or `&` is a command of its own.
 */
export function shellCommands(text: string): readonly CommandWords[] {
  const commands: string[][] = [[]]
  let word: string | undefined
  const endWord = (): void => {
    if (word !== undefined) commands.at(-1)?.push(word)
    word = undefined
  }
  for (const [token] of text.matchAll(TOKEN)) {
    if (/^\\\r?\n$/.test(token) || (token.startsWith('#') && word === undefined)) continue
    if (/^[\r\n;|&><]/.test(token)) {
      endWord()
      commands.push([])
    } else if (/^[ \t]/.test(token)) endWord()
    else word = (word ?? '') + meaningOf(token)
  }
  endWord()
  return commands.filter((words) => words.length > 0)
}

/** Each is told by its first characters and ends by itself, so that every character is looked at once. */
const TOKEN =
  /\\\r?\n|[ \t]+|[\r\n;|&><]+|#[^\n]*|'[^']*'|\$'(?:[^'\\]|\\[^])*'|"(?:[^"\\]|\\[^])*"|\\[^]|[^\s\\'"$;|&><#]+|[^]/g

function meaningOf(token: string): string {
  if (token.length > 1 && token.startsWith("'")) return token.slice(1, -1)
  if (token.startsWith("$'"))
    return token.slice(2, -1).replaceAll(/\\(x[0-9a-fA-F]{1,2}|u[0-9a-fA-F]{4}|[^])/g, ansi)
  if (token.length > 1 && token.startsWith('"'))
    return token.slice(1, -1).replaceAll(/\\(\r?\n|["\\$`])/g, inQuotes)
  return token.length > 1 && token.startsWith('\\') ? token.slice(1) : token
}

function inQuotes(_: string, escaped: string): string {
  return escaped.endsWith('\n') ? '' : escaped
}

const ANSI: Readonly<Record<string, string>> = {
  n: '\n',
  t: '\t',
  r: '\r',
  a: '\x07',
  b: '\b',
  e: '\x1b',
  f: '\f',
  v: '\v',
  '0': '\0',
}

function ansi(_: string, escape: string): string {
  if (escape.length > 1) return String.fromCharCode(Number.parseInt(escape.slice(1), 16))
  return ANSI[escape] ?? escape
}

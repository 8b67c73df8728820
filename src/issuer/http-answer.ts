import { STATUS_CODES } from 'node:http'
import type { HttpResponse } from '../core/exchange.ts'
import type { RawHeaders } from '../core/headers.ts'

// Header arrays are constants wherever they can be: the server prepares each array it meets once, and knows it again.

/** Of everything that holds tokens or errors: never stored (RFC 6749 §5.1). */
export const JSON_HEADERS: RawHeaders = [
  ['Content-Type', 'application/json'],
  ['Cache-Control', 'no-store'],
  ['Pragma', 'no-cache'],
]

const NO_STORE: RawHeaders = [
  ['Cache-Control', 'no-store'],
  ['Pragma', 'no-cache'],
]

/** An answer with a JSON body. */
export function jsonAnswer(status: number, value: unknown, headers: RawHeaders = JSON_HEADERS): HttpResponse {
  return bytesAnswer(status, Buffer.from(JSON.stringify(value)), headers)
}

export function bytesAnswer(status: number, body: Uint8Array, headers: RawHeaders): HttpResponse {
  return { status, reason: STATUS_CODES[status] ?? '', httpVersion: '1.1', headers, body, trailers: [] }
}

export function emptyAnswer(status: number, headers: RawHeaders = NO_STORE): HttpResponse {
  return bytesAnswer(status, new Uint8Array(), headers)
}

/**
 * Sends the browser elsewhere. After a POST with credentials in it the status is 303, so that they are never sent on
 * (RFC 9700 §4.12).
 * @param location a URI in printable ASCII
 */
export function redirectAnswer(status: 302 | 303, location: string, headers: RawHeaders = []): HttpResponse {
  return emptyAnswer(status, [['Location', location], ...NO_STORE, ...headers])
}

export interface Page {
  readonly title: string
  /** Markup of the page's `main`, every value in it escaped. */
  readonly main: string
  /** Allows the `<style>` and `<script>` elements that carry it, and nothing else. */
  readonly nonce: string
  readonly script?: string
}

/**
 * An HTML page for people. There is no `form-action`: browsers hold it against the redirect that follows a login, and
 * where that leads is up to the client.
 */
export function pageAnswer(
  status: number,
  { title, main, nonce, script }: Page,
  headers: RawHeaders = [],
): HttpResponse {
  const html = [
    '<!doctype html>',
    `<html lang="en"><head><meta charset="utf-8"><title>${escapeHtml(title)}</title>`,
    '<meta name="viewport" content="width=device-width, initial-scale=1">',
    `<style nonce="${nonce}">${STYLE}</style></head>`,
    `<body><main>${main}</main>`,
    ...(script === undefined ? [] : [`<script nonce="${nonce}">${script}</script>`]),
    '</body></html>\n',
  ].join('\n')
  return bytesAnswer(status, Buffer.from(html), [
    ['Content-Type', 'text/html; charset=utf-8'],
    ...NO_STORE,
    [
      'Content-Security-Policy',
      `default-src 'none'; style-src 'nonce-${nonce}'; script-src 'nonce-${nonce}'; base-uri 'none'; frame-ancestors 'none'`,
    ],
    ['X-Content-Type-Options', 'nosniff'],
    ['X-Frame-Options', 'DENY'],
    ['Referrer-Policy', 'no-referrer'],
    ...headers,
  ])
}

/** Text as it may stand in markup and in quoted attributes. */
export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (char) => `&#${char.charCodeAt(0)};`)
}

const STYLE = [
  'body{font:1rem/1.5 system-ui,sans-serif;margin:0;background:#f4f4f6;color:#1c1c24}',
  'main{max-width:24rem;margin:10vh auto;padding:2rem;background:#fff;border-radius:.5rem}',
  'h1{font-size:1.25rem;margin-top:0}label{display:block;margin:1rem 0 .25rem}',
  'input{box-sizing:border-box;width:100%;padding:.5rem;font:inherit;border:1px solid #767680;border-radius:.25rem}',
  'button{margin:1.5rem .5rem 0 0;padding:.5rem 1rem;font:inherit;border-radius:.25rem;border:1px solid #2438b0}',
  'button.main{background:#2438b0;color:#fff}button.other{background:#fff;color:#2438b0}',
  '[role=alert]{padding:.5rem .75rem;background:#fdecea;color:#7a1a12;border-radius:.25rem}',
  '.note{color:#5a5a66;font-size:.875rem}',
].join('')

import assert from 'node:assert/strict'

/** A browser without a screen: follows nothing by itself, and keeps cookies. */
export interface Steps {
  /** Opens a page; what it answers is left to the caller. */
  open(url: URL): Promise<Response>
  /** Opens a URL that must lead away at once, and tells where to. */
  leadsTo(url: URL): Promise<URL>
  /** Fills in the form of a page, hidden fields included, and tells where that leads. */
  submit(page: Response, fields: Readonly<Record<string, string>>): Promise<URL>
}

export function browserSteps(): Steps {
  const cookies = new Map<string, string>()
  const send = async (url: URL, init: RequestInit = {}): Promise<Response> => {
    const cookie = [...cookies].map((pair) => pair.join('=')).join('; ')
    const response = await fetch(url, {
      ...init,
      redirect: 'manual',
      headers: cookie === '' ? {} : { cookie },
    })
    for (const line of response.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? []
      if (value === '') cookies.delete(name)
      else cookies.set(name, value)
    }
    return response
  }
  return {
    open: (url) => send(url),
    leadsTo: async (url) => locationOf(await send(url)),
    submit: async (page, fields) => {
      const html = await page.text()
      const action = /<form method="post" action="([^"]+)">/.exec(html)?.[1] ?? assert.fail(html)
      const hidden = [...html.matchAll(/<input type="hidden" name="([^"]+)" value="([^"]*)">/g)]
      const body = new URLSearchParams([
        ...hidden.map(([, name = '', value = '']): [string, string] => [name, value]),
        ...Object.entries(fields),
      ])
      return locationOf(await send(new URL(action, page.url), { method: 'POST', body }))
    },
  }
}

function locationOf({ status, headers }: Response): URL {
  assert.ok(status === 302 || status === 303, `expected a redirect and not ${status}`)
  return new URL(headers.get('location') ?? '')
}

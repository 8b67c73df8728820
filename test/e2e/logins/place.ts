/** Where a login happens: staging's name leads to a listener of reseal, and the clients' clocks are of that time. */
export interface Place {
  /** The address that staging has for its clients, and names in `iss`. */
  readonly staging: string
  /** Where requests to it arrive. */
  readonly listener: string
  /** Seconds that the clients' clocks are ahead of this machine's, negative for behind. */
  readonly aheadSeconds: number
}

/** `fetch` where a name server leads staging's name to the listener; follows no redirect. */
export function fetchAt(place: Place): (url: string | URL, init?: RequestInit) => Promise<Response> {
  return (url, init) => fetch(listenerUrl(place, url), { ...init, redirect: 'manual' })
}

/** The URL with staging's address replaced by the listener's. */
export function listenerUrl({ staging, listener }: Place, url: string | URL): string {
  const { href } = new URL(url, staging)
  return href.startsWith(`${staging}/`) ? listener + href.slice(staging.length) : href
}

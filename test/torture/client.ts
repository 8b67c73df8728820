import * as http from 'node:http'

/** How a request of the torture ended for its client. */
export interface ClientAnswer {
  readonly status: number
  readonly body: Buffer
}

export interface ClientRequest {
  readonly url: string
  readonly method?: string
  readonly agent?: http.Agent
  readonly body?: string
  /** Sends the second half of the body once the whole answer is here. */
  readonly answerFirst?: boolean
}

/** One request to its last byte. @throws when the answer does not become whole */
export function ask({ url, method = 'GET', agent, body, answerFirst }: ClientRequest): Promise<ClientAnswer> {
  const { promise, resolve, reject } = Promise.withResolvers<ClientAnswer>()
  const headers = body === undefined ? {} : { 'Content-Length': Buffer.byteLength(body) }
  const request = http.request(url, { method, headers, ...(agent === undefined ? {} : { agent }) })
  request.on('error', reject)
  request.on('response', (response) => {
    const chunks: Buffer[] = []
    response.on('data', (chunk: Buffer) => chunks.push(chunk))
    response.on('error', reject)
    response.on('close', () => {
      if (!response.complete) reject(new Error('the answer broke off'))
    })
    response.on('end', () => {
      if (!response.complete) return
      if (answerFirst === true && body !== undefined) request.end(body.slice(body.length / 2))
      resolve({ status: response.statusCode ?? 0, body: Buffer.concat(chunks) })
    })
  })
  if (answerFirst === true && body !== undefined) request.write(body.slice(0, body.length / 2))
  else request.end(body)
  return promise
}

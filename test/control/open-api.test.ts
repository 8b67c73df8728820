import assert from 'node:assert/strict'
import { test } from 'node:test'
import { aControl, type TestControl } from './support/a-control.ts'

type Json = Record<string, unknown>

const METHODS = ['GET', 'POST', 'PUT', 'DELETE', 'PATCH', 'HEAD', 'OPTIONS'] as const

test('the document is OpenAPI 3.1 with what each part must have', async () => {
  const document = await documentOf(await aControl())
  assert.equal(document['openapi'], '3.1.1')
  assert.deepEqual(objectAt(document, 'info')['version'], '0.0.0')
  const operations = operationsIn(document)
  assert.ok(operations.length > 15)
  for (const { path, operation } of operations) {
    assert.match(path, /^\/(?:[\w.-]+|\{\w+\})(?:\/(?:[\w.-]+|\{\w+\}))*$/)
    assert.equal(typeof operation['summary'], 'string')
    const named = [...path.matchAll(/\{(\w+)\}/g)].map((found) => found[1])
    const parameters = (operation['parameters'] ?? []) as Json[]
    assert.deepEqual(
      parameters.map((parameter) => [parameter['name'], parameter['in'], parameter['required']]),
      named.map((name) => [name, 'path', true]),
    )
    for (const [status, answer] of Object.entries(objectAt(operation, 'responses'))) {
      assert.match(status, /^(?:[2-5]\d\d|default)$/)
      assert.equal(typeof (answer as Json)['description'], 'string')
    }
  }
  const ids = operations.map(({ operation }) => operation['operationId'])
  assert.equal(new Set(ids).size, ids.length)
})

test('every $ref resolves, every schema is referred to, and none has an address of its own', async () => {
  const document = await documentOf(await aControl())
  const refs = new Set<string>()
  walk(document, (node) => {
    if (typeof node['$ref'] === 'string') refs.add(node['$ref'])
    assert.equal(node['$id'], undefined)
    assert.equal(node['$schema'], undefined)
  })
  const schemas = Object.keys(objectAt(objectAt(document, 'components'), 'schemas'))
  assert.deepEqual(
    [...refs].toSorted((a, b) => a.localeCompare(b)),
    schemas.map((name) => `#/components/schemas/${name}`).toSorted((a, b) => a.localeCompare(b)),
  )
})

test('every operation of the document is served, and no other method of any of its paths', async () => {
  const control = await aControl()
  const operations = operationsIn(await documentOf(control))
  const paths = new Set(operations.map(({ path }) => path))
  for (const path of paths) {
    const known = new Set(operations.filter((one) => one.path === path).map(({ method }) => method))
    for (const method of METHODS) {
      const target = path.replace('{issuer}', 'main').replaceAll(/\{\w+\}/g, 'nobody')
      const { status } = await control.ask(method, target)
      const isKnown = known.has(method) || (method === 'HEAD' && known.has('GET'))
      assert.equal(status !== 405, isKnown, `${method} ${path}: ${status}`)
    }
  }
})

test('what the document shows of a fault is what is read', async () => {
  const document = await documentOf(await aControl())
  const fault = objectAt(objectAt(objectAt(document, 'components'), 'schemas'), 'Fault')
  const branches = (fault['oneOf'] ?? fault['anyOf']) as Json[]
  const kinds = new Set(branches.map((branch) => objectAt(objectAt(branch, 'properties'), 'kind')['const']))
  assert.ok(kinds.has('unknownKid') && kinds.has('rate'))
  for (const branch of branches) {
    assert.equal(branch['additionalProperties'], false)
    assert.ok((branch['required'] as unknown[]).includes('endpoint'))
    const endpoint = objectAt(objectAt(branch, 'properties'), 'endpoint')
    assert.ok((endpoint['enum'] as unknown[]).includes('*'))
  }
})

test('a token is in the document where one is demanded', async () => {
  assert.equal((await documentOf(await aControl()))['security'], undefined)
  const control = await aControl({ host: '0.0.0.0', token: 'secret-of-this-run' })
  const { json } = await control.send({
    target: '/openapi.json',
    headers: [['Authorization', 'Bearer secret-of-this-run']],
  })
  const document = json as Json
  assert.deepEqual(document['security'], [{ token: [] }])
  assert.deepEqual(objectAt(document, 'components')['securitySchemes'], {
    token: { type: 'http', scheme: 'bearer' },
  })
  assert.ok(!JSON.stringify(document).includes('secret-of-this-run'))
})

async function documentOf(control: TestControl): Promise<Json> {
  const { status, json } = await control.ask('GET', '/openapi.json')
  assert.equal(status, 200)
  return json as Json
}

function operationsIn(document: Json): readonly { path: string; method: string; operation: Json }[] {
  return Object.entries(objectAt(document, 'paths')).flatMap(([path, item]) =>
    Object.entries(item as Json).map(([method, operation]) => ({
      path,
      method: method.toUpperCase(),
      operation: operation as Json,
    })),
  )
}

function objectAt(parent: Json, name: string): Json {
  const value = parent[name]
  assert.ok(typeof value === 'object' && value !== null, `${name} is no object`)
  return value as Json
}

function walk(node: unknown, visit: (node: Json) => void): void {
  if (typeof node !== 'object' || node === null) return
  visit(node as Json)
  for (const value of Object.values(node)) walk(value, visit)
}

import { z } from 'zod'
import { REFUSALS } from './control-answer.ts'
import { route, type ControlRoute, type NamedSchema } from './control-route.ts'

export interface OpenApiOptions {
  /** Of reseal. */
  readonly version: string
  /** Whether a bearer token is demanded. */
  readonly needsToken: boolean
}

const ERROR = {
  name: 'Error',
  schema: z.strictObject({
    error: z.strictObject({
      code: z.string().meta({ examples: Object.keys(REFUSALS) }),
      message: z.string(),
      hint: z.string().optional(),
    }),
  }),
}
const DOCUMENT = {
  name: 'OpenApiDocument',
  schema: z.looseObject({ openapi: z.literal('3.1.1') }),
}

/** The route that serves the OpenAPI document of all routes, itself among them. */
export function openApiRoute(routes: readonly ControlRoute[], options: OpenApiOptions): ControlRoute {
  const own = route(
    {
      method: 'GET',
      path: '/openapi.json',
      operation: 'getOpenApi',
      summary: 'This document.',
      answers: { 200: { description: 'OpenAPI 3.1.', named: DOCUMENT } },
    },
    () => ({ status: 200, value: document }),
  )
  const document = openApiOf([...routes, own], options)
  return own
}

function openApiOf(routes: readonly ControlRoute[], { version, needsToken }: OpenApiOptions): object {
  const paths = Map.groupBy(routes, ({ path }) => path)
  return {
    openapi: '3.1.1',
    info: {
      title: 'reseal control API',
      version,
      description: 'Everything a test may want of a running reseal. Ids in paths are percent-encoded.',
    },
    servers: [{ url: '/' }],
    ...(needsToken ? { security: [{ token: [] }] } : {}),
    paths: Object.fromEntries(
      [...paths].map(([path, ofPath]) => [
        path,
        Object.fromEntries(ofPath.map((one) => [one.method.toLowerCase(), operationOf(one)])),
      ]),
    ),
    components: {
      schemas: schemasOf(routes),
      ...(needsToken ? { securitySchemes: { token: { type: 'http', scheme: 'bearer' } } } : {}),
    },
  }
}

function operationOf({ path, operation, summary, query = [], content, answers }: ControlRoute): object {
  const ids = [...path.matchAll(/\{(\w+)\}/g)].map((found) => found[1])
  const parameters = [
    ...ids.map((name) => ({ name, in: 'path', required: true, schema: { type: 'string', minLength: 1 } })),
    ...query.map(({ name, description, fallback, most }) => ({
      name,
      in: 'query',
      description,
      schema: { type: 'integer', minimum: 0, maximum: most, default: fallback },
    })),
  ]
  return {
    operationId: operation,
    summary,
    ...(parameters.length === 0 ? {} : { parameters }),
    ...(content === undefined
      ? {}
      : { requestBody: { required: content.required, content: jsonOf(content.named) } }),
    responses: {
      ...Object.fromEntries(
        Object.entries(answers).map(([status, { description, named, type }]) => [
          status,
          {
            description,
            ...(named === undefined ? {} : { content: jsonOf(named) }),
            ...(type === undefined ? {} : { content: { [type]: { schema: { type: 'string' } } } }),
          },
        ]),
      ),
      default: { description: 'What was refused, and why.', content: jsonOf(ERROR) },
    },
  }
}

function jsonOf({ name }: NamedSchema): object {
  return { 'application/json': { schema: { $ref: refTo(name) } } }
}

function refTo(name: string): string {
  return `#/components/schemas/${name}`
}

/** Every schema that a route names; one within another is referred to. */
function schemasOf(routes: readonly ControlRoute[]): object {
  const registry = z.registry<{ id: string }>()
  const named = [
    ERROR,
    ...routes.flatMap(({ content, answers }) => [
      ...(content === undefined ? [] : [content.named]),
      ...Object.values(answers).flatMap((answer) => answer.named ?? []),
    ]),
  ]
  for (const { name, schema } of named) registry.add(schema, { id: name })
  const { schemas } = z.toJSONSchema(registry, { io: 'input', target: 'draft-2020-12', uri: refTo })
  return Object.fromEntries(
    Object.entries(schemas).map(([name, { $schema: _dialect, $id: _id, ...schema }]) => [name, schema]),
  )
}
